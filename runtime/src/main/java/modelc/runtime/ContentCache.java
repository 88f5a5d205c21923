package modelc.runtime;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Compiled code in a folder of the user's, each piece in a file named after the hash of all it was
 * made from. It decides nothing about what that is, and knows nothing of what is in a file.
 *
 * <p>A file is written elsewhere and renamed, so that programs starting side by side see a whole
 * one or none; it carries a checksum, so that a damaged one is compiled anew. When the files
 * together pass a limit, those unused for longest go. A folder that cannot be read or written makes
 * compiling slower, never wrong, and no failure.
 */
public final class ContentCache {
  /** Bytes of all files together, at most; ResNet-50 with its training step is about one MB. */
  public static final long MAX_BYTES = 512L << 20;

  /** The variable that names another folder, or is {@code off}. */
  public static final String VARIABLE = "MODELC_CACHE";

  /** What one that was being written when its program died is left alone for. */
  private static final Duration ABANDONED = Duration.ofHours(1);

  private static final byte[] MAGIC = "modelc code 1\n".getBytes(StandardCharsets.US_ASCII);
  private static final int CHECKSUM_BYTES = 32;
  private static final String SUFFIX = ".code";
  private static final String TEMPORARY = ".tmp";

  private final Path folder;
  private final long maxBytes;

  public ContentCache(Path folder) {
    this(folder, MAX_BYTES);
  }

  /**
   * @param maxBytes of all files together
   */
  public ContentCache(Path folder, long maxBytes) {
    this.folder = folder;
    this.maxBytes = maxBytes;
  }

  /** Where it is; it need not exist. */
  public Path folder() {
    return folder;
  }

  /**
   * The size of all its files.
   *
   * @throws IOException if the folder cannot be read
   */
  public long bytes() throws IOException {
    if (!Files.isDirectory(folder)) {
      return 0;
    }
    long sum = 0;
    for (Path file : files()) {
      sum += Files.size(file);
    }
    return sum;
  }

  /**
   * The user's cache: {@code $MODELC_CACHE}, {@code $XDG_CACHE_HOME/modelc} or {@code
   * ~/.cache/modelc}; empty if the first is {@code off}, or none is known.
   */
  public static Optional<ContentCache> ofEnvironment(Map<String, String> environment) {
    String own = environment.getOrDefault(VARIABLE, "");
    if (own.equals("off")) {
      return Optional.empty();
    }
    if (!own.isEmpty()) {
      return Optional.of(new ContentCache(Path.of(own)));
    }
    String shared = environment.getOrDefault("XDG_CACHE_HOME", "");
    // The convention has relative paths ignored.
    if (!shared.isEmpty() && Path.of(shared).isAbsolute()) {
      return Optional.of(new ContentCache(Path.of(shared, "modelc")));
    }
    String home = environment.getOrDefault("HOME", "");
    return home.isEmpty()
        ? Optional.empty()
        : Optional.of(new ContentCache(Path.of(home, ".cache", "modelc")));
  }

  /** What was stored under {@code key}, if it is there and whole. */
  public Optional<byte[]> read(String key) {
    Path file = file(key);
    try {
      byte[] bytes = Files.readAllBytes(file);
      int start = MAGIC.length + CHECKSUM_BYTES;
      boolean whole =
          bytes.length > start
              && Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length)
              && HexFormat.of()
                  .formatHex(bytes, MAGIC.length, start)
                  .equals(sha256(bytes, start, bytes.length - start));
      if (!whole) {
        Files.deleteIfExists(file);
        return Optional.empty();
      }
      touch(file);
      return Optional.of(Arrays.copyOfRange(bytes, start, bytes.length));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Marks a file as just used; a folder that is only readable serves all the same. */
  private static void touch(Path file) {
    try {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    } catch (IOException e) {
      // It may be dropped earlier than it should.
    }
  }

  /** Keeps {@code bytes} for later, if that is possible. */
  public void write(String key, byte[] bytes) {
    try {
      if (bytes.length > maxBytes) {
        return;
      }
      createFolder();
      Path temporary = folder.resolve(key + "-" + UUID.randomUUID() + TEMPORARY);
      try {
        try (var out = Files.newOutputStream(temporary)) {
          out.write(MAGIC);
          out.write(HexFormat.of().parseHex(sha256(bytes, 0, bytes.length)));
          out.write(bytes);
        }
        Files.move(
            temporary,
            file(key),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(temporary);
      }
      trim();
    } catch (IOException e) {
      // The next start compiles again.
    }
  }

  /** Code is run from here: nobody else may write it. */
  private void createFolder() throws IOException {
    if (Files.isDirectory(folder)) {
      return;
    }
    Path parent = folder.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    try {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (FileAlreadyExistsException e) {
      // Another program was quicker.
    } catch (UnsupportedOperationException e) {
      Files.createDirectories(folder);
    }
  }

  private record Kept(Path path, long bytes, FileTime used) {}

  /** Drops what was unused for longest until the rest fits, and what was never finished. */
  private void trim() throws IOException {
    var kept = new ArrayList<Kept>();
    Instant abandoned = Instant.now().minus(ABANDONED);
    try (Stream<Path> files = Files.list(folder)) {
      for (Path p : (Iterable<Path>) files::iterator) {
        Optional<Kept> k = look(p);
        if (k.isEmpty()) {
          continue;
        }
        if (p.toString().endsWith(SUFFIX)) {
          kept.add(k.get());
        } else if (p.toString().endsWith(TEMPORARY)
            && k.get().used().toInstant().isBefore(abandoned)) {
          Files.deleteIfExists(p);
        }
      }
    }
    kept.sort(Comparator.comparing(Kept::used).reversed());
    long bytes = 0;
    for (Kept k : kept) {
      bytes += k.bytes();
      if (bytes > maxBytes) {
        Files.deleteIfExists(k.path());
      }
    }
  }

  /** Empty if another program has just deleted it. */
  private static Optional<Kept> look(Path p) {
    try {
      BasicFileAttributes a =
          Files.readAttributes(p, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return a.isRegularFile()
          ? Optional.of(new Kept(p, a.size(), a.lastModifiedTime()))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Where what belongs to {@code key} is, or would be. */
  public Path file(String key) {
    return folder.resolve(key + SUFFIX);
  }

  /** A key, in hexadecimal. */
  public static String sha256(byte[] bytes, int from, int length) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(bytes, from, length);
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** The files of finished entries. */
  public List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(p -> p.toString().endsWith(SUFFIX)).toList();
    }
  }
}
