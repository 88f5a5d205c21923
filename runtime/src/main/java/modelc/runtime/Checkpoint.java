package modelc.runtime;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A training run stopped in time: parameters, states, optimizer states, the best weights so far,
 * and progress as text, in one safetensors file with a SHA-256 over all of it. Replaced atomically;
 * the one before is kept beside it.
 *
 * <p>It does not decide when to save, nor what the progress means: {@link Trainer} does.
 */
public final class Checkpoint implements AutoCloseable {
  static final String BEST = "best/";
  private static final String FORMAT = "modelc-checkpoint-1";

  private final Safetensors file;

  private Checkpoint(Safetensors file) {
    this.file = file;
  }

  /** Where the checkpoint before the one at {@code path} is kept. */
  public static Path previous(Path path) {
    return path.resolveSibling(path.getFileName() + ".previous");
  }

  /**
   * Tries whether checkpoints of that size could be saved at {@code path}: the present one, the one
   * before, and the next while it is written.
   *
   * @throws FileException if they could not
   */
  static void prepare(Path path, long bytes) {
    long there = 0;
    for (Path p : List.of(path, previous(path))) {
      there += Math.min(bytes, p.toFile().length());
    }
    AtomicFile.prepare(path, 3 * bytes - there);
  }

  static void save(
      Path path, Session session, Optional<Snapshot> best, Map<String, String> progress) {
    session.locked(
        () -> {
          Map<String, Tensor> tensors = new LinkedHashMap<>(session.variables(_ -> true));
          best.ifPresent(b -> b.tensors().forEach((name, t) -> tensors.put(BEST + name, t)));
          Map<String, String> metadata = new TreeMap<>(progress);
          metadata.put("format", FORMAT);
          metadata.put("model", session.model().spec().name());
          var digest = new Digest(metadata);
          for (Map.Entry<String, Tensor> e : Safetensors.order(tensors)) {
            digest.add(e.getKey(), e.getValue());
          }
          metadata.put("sha256", digest.hex());
          Safetensors.write(path, Optional.of(previous(path)), metadata, tensors);
        });
  }

  /**
   * Opens the checkpoint at {@code path}; if it is missing or damaged, the one before it.
   *
   * @throws FileException if there is neither
   * @throws DataException if neither is sound
   */
  public static Checkpoint open(Path path) {
    try {
      return verified(path);
    } catch (FileException | DataException e) {
      if (!Files.exists(previous(path))) {
        throw e;
      }
      try {
        return verified(previous(path));
      } catch (FileException | DataException second) {
        e.addSuppressed(second);
        throw e;
      }
    }
  }

  private static Checkpoint verified(Path path) {
    Safetensors file = Safetensors.open(path);
    try {
      Map<String, String> metadata = new TreeMap<>(file.metadata());
      if (!FORMAT.equals(metadata.get("format"))) {
        throw new DataException(
            "R0601", path + " is not a checkpoint", "resume from a file that training saved");
      }
      String stored = metadata.remove("sha256");
      var digest = new Digest(metadata);
      for (Safetensors.Entry e : file.entries()) {
        try (Arena arena = Arena.ofConfined()) {
          digest.add(e.name(), file.read(e, arena));
        }
      }
      if (!digest.hex().equals(stored)) {
        throw new DataException(
            "R0602",
            path + " is damaged: its checksum does not fit",
            "resume from " + previous(path).getFileName() + " or another copy");
      }
      return new Checkpoint(file);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** The file it was found in. */
  public Path path() {
    return file.path();
  }

  /** Steps made when it was saved. */
  public long step() {
    try {
      return Long.parseLong(progress().getOrDefault("step", ""));
    } catch (NumberFormatException e) {
      throw unusable("it has no step");
    }
  }

  DataException unusable(String why) {
    return new DataException(
        "R0603",
        path() + " cannot be resumed from: " + why,
        "resume with the model, data, batch and seed it was trained with, or start anew");
  }

  Map<String, String> progress() {
    return file.metadata();
  }

  /** Gives {@code session} the saved variables, all of them. */
  void restore(Session session) {
    session.load(file, "", _ -> true, false);
  }

  /** Gives {@code session} the best weights, if any were saved. */
  boolean restoreBest(Session session) {
    if (file.entries().stream().noneMatch(e -> e.name().startsWith(BEST))) {
      return false;
    }
    session.load(file, BEST, k -> k != Kind.OPTIMIZER_STATE, false);
    return true;
  }

  @Override
  public void close() {
    file.close();
  }

  /** SHA-256 over names, types, shapes and bytes, in order. */
  private static final class Digest {
    private static final int PIECE = 1 << 20;

    private final MessageDigest sha;
    private final byte[] piece = new byte[PIECE];

    Digest(Map<String, String> metadata) {
      try {
        sha = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException impossible) {
        throw new IllegalStateException(impossible);
      }
      new TreeMap<>(metadata).forEach((k, v) -> text(Json.quote(k) + ":" + Json.quote(v) + "\n"));
    }

    private void text(String text) {
      sha.update(text.getBytes(StandardCharsets.UTF_8));
    }

    void add(String name, Tensor tensor) {
      text(Json.quote(name) + ":" + tensor + "\n");
      MemorySegment data = tensor.data();
      MemorySegment target = MemorySegment.ofArray(piece);
      for (long done = 0; done < data.byteSize(); ) {
        int n = (int) Math.min(PIECE, data.byteSize() - done);
        MemorySegment.copy(data, done, target, 0, n);
        sha.update(piece, 0, n);
        done += n;
      }
    }

    String hex() {
      return HexFormat.of().formatHex(sha.digest());
    }
  }
}
