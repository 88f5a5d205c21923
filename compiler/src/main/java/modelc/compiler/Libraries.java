package modelc.compiler;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import modelc.backend.cpu.Machine;
import modelc.backend.cpu.SharedLibrary;
import modelc.ir.tensor.Printer;
import modelc.ir.tensor.Program;
import modelc.runtime.Artifact;
import modelc.runtime.DeviceProgram;
import modelc.runtime.EntrySpec;

/**
 * Writes compiled programs as shared libraries, which any program can load, and the C header that
 * describes them. What the library is to its user is {@code docs/abi.md}'s to say.
 */
public final class Libraries {
  /** The version written into libraries. */
  public static final String VERSION = "0.1.0-SNAPSHOT";

  private Libraries() {}

  /**
   * Writes {@code compiled} to {@code library}.
   *
   * @param program what it was compiled from
   * @throws modelc.runtime.FileException if the file cannot be written
   * @throws IOException if the linker's temporary files cannot be
   */
  public static void write(Compiled compiled, Program program, Path library) throws IOException {
    write(compiled, program, Optional.empty(), library);
  }

  /**
   * Writes {@code compiled} to {@code library}.
   *
   * @param program what it was compiled from
   * @param kernels for GPUs that the library is to carry, too
   * @throws modelc.runtime.FileException if the file cannot be written
   * @throws IOException if the linker's temporary files cannot be
   */
  public static void write(
      Compiled compiled, Program program, Optional<DeviceProgram> kernels, Path library)
      throws IOException {
    String description = describe(compiled, program, kernels);
    Artifact.write(library, link(compiled, description), description);
  }

  /**
   * Writes {@code compiled} as a jar that an application adds to its path: the library, and a class
   * {@code NAME.NAME} with a method {@code load()}.
   *
   * @param program what it was compiled from
   * @param packageName of the class, and the name of the module
   * @throws modelc.runtime.UsageException if that is no name of a package
   * @throws IOException if the file, or the linker's temporary files, cannot be written
   */
  public static void writeJar(Compiled compiled, Program program, Path jar, String packageName)
      throws IOException {
    String description = describe(compiled, program, Optional.empty());
    byte[] library = Artifact.seal(link(compiled, description), description);
    LibraryJar.write(jar, library, compiled.spec(), packageName);
  }

  private static String describe(
      Compiled compiled, Program program, Optional<DeviceProgram> kernels) {
    Machine machine = compiled.object().machine();
    var origin =
        new Artifact.Origin(
            VERSION,
            machine.triple(),
            machine.cpu(),
            machine.required(),
            sha256(Printer.print(program)),
            sha256(compiled.settings()));
    return Artifact.describe(compiled.spec(), origin, kernels);
  }

  private static byte[] link(Compiled compiled, String description) throws IOException {
    List<String> functions =
        compiled.spec().entries().stream().map(EntrySpec::name).map(n -> "modelc_" + n).toList();
    return SharedLibrary.link(compiled.object(), functions, Artifact.ABI_VERSION, description);
  }

  /**
   * Writes the C header of {@code compiled} to {@code header}.
   *
   * @throws IOException if it cannot be written
   */
  public static void writeHeader(Compiled compiled, Path header) throws IOException {
    Files.writeString(header, Header.of(compiled.spec()));
  }

  private static String sha256(String text) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(sha.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
