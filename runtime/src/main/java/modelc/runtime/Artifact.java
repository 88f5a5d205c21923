package modelc.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A compiled model as a file: a shared library that carries its own specification and a seal over
 * all its bytes. It holds code and no weights; what the entries are is in {@code docs/abi.md}.
 *
 * <p>The file is an ordinary library with 64 bytes after its end (for WebAssembly, which allows
 * nothing there, in a custom section at its end): {@code "modelc"} and two zero bytes, where its
 * description lies in the file (offset and length, 8 bytes each, little-endian), 8 zero bytes, and
 * the SHA-256 of everything before it. The description, which C programs find under the symbol
 * {@code modelc_metadata}, is JSON in UTF-8.
 *
 * <p>The seal tells a damaged file, not a malicious one: running a library is running a program.
 *
 * @param path the file
 * @param spec the entries, with the names, types and shapes of all they touch
 * @param origin what it was made from and for
 * @param kernels what GPUs run, if it carries that too
 */
public record Artifact(Path path, ModelSpec spec, Origin origin, Optional<DeviceProgram> kernels) {
  /** The version of the entries' calling convention and of the description. */
  public static final int ABI_VERSION = 1;

  /** Larger files are refused unread: the code of a model is thousands of times smaller. */
  public static final long MAX_BYTES = 1L << 30;

  private static final byte[] MAGIC = {'m', 'o', 'd', 'e', 'l', 'c', 0, 0};
  private static final int FOOTER = 64;
  private static final int DIGEST = 32;

  /** The head of a custom section of WebAssembly, called {@code seal}, around the footer. */
  private static final byte[] SECTION = {0, 5 + FOOTER, 4, 's', 'e', 'a', 'l'};

  /**
   * What a library was made from and for.
   *
   * @param compiler the version of modelc
   * @param triple the machine, as LLVM names it: {@code x86_64-unknown-linux-gnu}
   * @param cpu the processor, as LLVM names it: {@code x86-64-v3}
   * @param features what the processor must have, as Linux names it: {@code avx2}
   * @param sourceHash SHA-256 of the program before its compilation, in hexadecimal
   * @param optionsHash SHA-256 of the options, in hexadecimal
   */
  public record Origin(
      String compiler,
      String triple,
      String cpu,
      List<String> features,
      String sourceHash,
      String optionsHash) {
    public Origin {
      features = List.copyOf(features);
    }
  }

  /** The description of a library for CPUs, to be stored in it. */
  public static String describe(ModelSpec spec, Origin origin) {
    return describe(spec, origin, Optional.empty());
  }

  /** The description of a library that carries kernels for GPUs, too. */
  public static String describe(ModelSpec spec, Origin origin, Optional<DeviceProgram> kernels) {
    var features = new java.util.StringJoiner(", ", "[", "]");
    origin.features().forEach(f -> features.add(Json.quote(f)));
    return "{\"abi_version\": "
        + ABI_VERSION
        + ",\n\"compiler\": "
        + Json.quote(origin.compiler())
        + ",\n\"triple\": "
        + Json.quote(origin.triple())
        + ",\n\"cpu\": "
        + Json.quote(origin.cpu())
        + ",\n\"features\": "
        + features
        + ",\n\"source_sha256\": "
        + Json.quote(origin.sourceHash())
        + ",\n\"options_sha256\": "
        + Json.quote(origin.optionsHash())
        + ",\n"
        + SpecText.members(spec)
        + kernels.map(k -> ",\n\"kernels\": " + DeviceProgramText.of(k)).orElse("")
        + "}";
  }

  /**
   * Writes a library with its seal, replacing {@code path} as a whole: a program that has the old
   * one loaded keeps it.
   *
   * @param library the linked library
   * @param description what {@link #describe} gave, which {@code library} contains
   * @throws FileException if it cannot be written
   */
  public static void write(Path path, byte[] library, String description) {
    byte[] sealed = seal(library, description);
    AtomicFile.replace(
        path,
        Optional.empty(),
        channel -> {
          ByteBuffer bytes = ByteBuffer.wrap(sealed);
          while (bytes.hasRemaining()) {
            channel.write(bytes);
          }
        });
  }

  /** The bytes of a library with its seal. */
  public static byte[] seal(byte[] library, String description) {
    byte[] text = description.getBytes(StandardCharsets.UTF_8);
    int at = indexOf(library, text);
    if (at < 0) {
      throw new IllegalArgumentException("the library does not contain its description");
    }
    byte[] before = library.length > 0 && library[0] == 0 ? SECTION : new byte[0];
    byte[] sealed = Arrays.copyOf(library, library.length + before.length + FOOTER);
    ByteBuffer.wrap(sealed)
        .order(ByteOrder.LITTLE_ENDIAN)
        .position(library.length)
        .put(before)
        .put(MAGIC)
        .putLong(at)
        .putLong(text.length);
    byte[] digest = digest(sealed, sealed.length - DIGEST);
    System.arraycopy(digest, 0, sealed, sealed.length - DIGEST, DIGEST);
    return sealed;
  }

  /**
   * Reads the description of a library and checks its seal. It runs none of its code.
   *
   * @throws FileException if there is no such file, or it cannot be read
   * @throws DataException if it is no library of modelc, is damaged, or of another version
   * @throws LimitException if it is larger than {@link #MAX_BYTES}
   */
  public static Artifact open(Path path) {
    try {
      return check(path, read(path));
    } catch (ModelcException e) {
      throw e.at(path);
    }
  }

  private static Artifact check(Path path, byte[] bytes) {
    int footer = bytes.length - FOOTER;
    if (footer < 0
        || !Arrays.equals(bytes, footer, footer + MAGIC.length, MAGIC, 0, MAGIC.length)) {
      throw new DataException(
          "R0701",
          path + " is no library of modelc, or its end is missing",
          "make it with `modelc compile FILE -o " + path.getFileName() + "`");
    }
    byte[] digest = digest(bytes, bytes.length - DIGEST);
    if (!Arrays.equals(digest, 0, DIGEST, bytes, bytes.length - DIGEST, bytes.length)) {
      throw damaged(path, "its bytes are not those that were written");
    }
    ByteBuffer f = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long at = f.getLong(footer + MAGIC.length);
    long length = f.getLong(footer + MAGIC.length + 8);
    if (at < 0 || length < 0 || at > footer || length > footer - at) {
      throw damaged(path, "its description lies outside of it");
    }
    return parse(path, new String(bytes, (int) at, (int) length, StandardCharsets.UTF_8));
  }

  /**
   * Copies a library that is a resource to a file of this process's own, which is deleted once the
   * code is loaded.
   *
   * @throws FileException if there is no such resource, or no room for the copy
   */
  static Model load(Class<?> anchor, String resource) {
    String place = resource + " beside " + anchor.getName();
    Path copy = null;
    try (InputStream in = anchor.getResourceAsStream(resource)) {
      if (in == null) {
        throw new FileException(
            "R0710",
            "there is no resource " + place,
            "put the jar that `modelc compile --format jar` wrote on the path");
      }
      copy = Files.createTempFile("modelc-", ".so"); // for this user alone
      Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
      return open(copy).load();
    } catch (ModelcException e) {
      throw e.at(place);
    } catch (IOException e) {
      throw new FileException(
          "R0711",
          "the library " + place + " cannot be copied to a temporary file: " + e,
          "give the property java.io.tmpdir a folder with room",
          e);
    } finally {
      delete(copy);
    }
  }

  private static void delete(@Nullable Path copy) {
    try {
      if (copy != null) {
        Files.deleteIfExists(copy);
      }
    } catch (IOException inUse) {
      copy.toFile().deleteOnExit(); // some systems keep files that are loaded
    }
  }

  /**
   * Loads the code into this process; closing the model unloads it.
   *
   * @throws UsageException if this machine is not what the library was made for
   * @throws NativeException if the system's loader refuses it
   */
  public Model load() {
    checkMachine();
    var loaded = new Loaded();
    try {
      loaded.open(path);
      return new Model(spec, loaded);
    } catch (IllegalArgumentException e) {
      loaded.close();
      throw new NativeException(
          "R0706",
          path + " cannot be loaded: " + e.getMessage(),
          "compile the model again on this machine",
          e);
    } catch (RuntimeException e) {
      loaded.close();
      throw e;
    }
  }

  /**
   * Puts the kernels on {@code device}, which is closed with the model. The library itself is not
   * loaded.
   *
   * @throws UsageException if the library carries no kernels
   */
  public Model load(Device device) {
    return new Model(
        spec,
        kernels.orElseThrow(
            () -> {
              device.close();
              return new UsageException(
                  "R0713",
                  path + " has no kernels for GPUs",
                  "compile it with `modelc compile --gpu` or `modelc bundle`");
            }),
        device);
  }

  private void checkMachine() {
    String here = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    String arch = here.equals("amd64") ? "x86_64" : here;
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    if (!origin.triple().startsWith(arch + "-") || !origin.triple().contains(system)) {
      throw unfit("it is for " + origin.triple() + ", and this is " + arch + " with " + system);
    }
    Set<String> flags = processorFlags();
    var missing = new TreeSet<>(origin.features());
    missing.removeAll(flags);
    if (!flags.isEmpty() && !missing.isEmpty()) {
      throw unfit("this processor lacks " + String.join(", ", missing));
    }
  }

  private UsageException unfit(String why) {
    return new UsageException(
        "R0705",
        path + " does not run here: " + why,
        "compile the model for this machine, e.g. with `--cpu native` on it");
  }

  /** What Linux says of the first processor; empty where it does not say. */
  private static Set<String> processorFlags() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
        if (line.startsWith("flags") || line.startsWith("Features")) {
          String flags = line.substring(line.indexOf(':') + 1).strip();
          return new HashSet<>(Arrays.asList(flags.split("\\s+", -1)));
        }
      }
    } catch (IOException e) {
      // Then the loader and the processor have the last word.
    }
    return Set.of();
  }

  private static Artifact parse(Path path, String text) {
    try {
      Map<?, ?> o = SpecText.object(Json.parse(text));
      long version = SpecText.integer(o, "abi_version");
      if (version != ABI_VERSION) {
        throw new DataException(
            "R0704",
            path + " is of version " + version + "; this runtime reads version " + ABI_VERSION,
            "compile the model again with the modelc this runtime belongs to");
      }
      var features = new ArrayList<String>();
      for (Object f : SpecText.array(o, "features")) {
        features.add(String.valueOf(f));
      }
      var origin =
          new Origin(
              SpecText.string(o, "compiler"),
              SpecText.string(o, "triple"),
              SpecText.string(o, "cpu"),
              features,
              hash(o, "source_sha256"),
              hash(o, "options_sha256"));
      ModelSpec spec = SpecText.read(o);
      spec.verify();
      Optional<DeviceProgram> kernels =
          o.containsKey("kernels")
              ? Optional.of(DeviceProgramText.read(SpecText.object(o.get("kernels"))))
              : Optional.empty();
      return new Artifact(path, spec, origin, kernels);
    } catch (Json.Malformed | SpecText.Unexpected e) {
      throw damaged(path, "its description cannot be read: " + e.getMessage());
    }
  }

  private static String hash(Map<?, ?> o, String key) throws SpecText.Unexpected {
    String hash = SpecText.string(o, key);
    if (!hash.matches("[0-9a-f]{64}")) {
      throw new SpecText.Unexpected("\"" + key + "\" is no SHA-256");
    }
    return hash;
  }

  private static byte[] read(Path path) {
    try {
      if (Files.size(path) > MAX_BYTES) {
        throw new LimitException(
            "R0703",
            path + " is larger than " + MAX_BYTES + " bytes, the limit MAX_BYTES",
            "give a library that modelc compiled");
      }
      return Files.readAllBytes(path);
    } catch (NoSuchFileException e) {
      throw new FileException(
          "R0707",
          "there is no file " + path,
          "make it with `modelc compile FILE -o " + path + "`",
          e);
    } catch (IOException e) {
      throw new FileException("R0708", path + " cannot be read: " + e, "check its permissions", e);
    }
  }

  private static DataException damaged(Path path, String how) {
    return new DataException("R0702", path + " is damaged: " + how, "compile the model again");
  }

  private static byte[] digest(byte[] bytes, int length) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(bytes, 0, length);
      return sha.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private static int indexOf(byte[] in, byte[] what) {
    for (int i = 0; i + what.length <= in.length; i++) {
      if (in[i] == what[0] && Arrays.equals(in, i, i + what.length, what, 0, what.length)) {
        return i;
      }
    }
    return -1;
  }

  /** A library in this process. */
  private static final class Loaded implements NativeCode {
    private final Arena arena = Arena.ofShared();
    private SymbolLookup lookup = _ -> Optional.empty();

    void open(Path path) {
      lookup = SymbolLookup.libraryLookup(path.toAbsolutePath(), arena);
    }

    @Override
    public MemorySegment entry(String entryName) {
      return lookup
          .find("modelc_" + entryName)
          .orElseThrow(
              () ->
                  new NativeException(
                      "R0709",
                      "the library has no function modelc_" + entryName,
                      "compile the model again"));
    }

    @Override
    public void close() {
      arena.close();
    }
  }
}
