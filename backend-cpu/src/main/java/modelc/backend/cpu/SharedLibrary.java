package modelc.backend.cpu;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import modelc.backend.llvm.CodeGenerationException;
import modelc.backend.llvm.LlvmCompiler;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.llvm.global.LLVM;

/**
 * Links a compiled object into a shared library, by the lld that LLVM's package brings: no compiler
 * or linker of the system takes part. It loads nothing.
 *
 * <p>The library exports the given functions, {@code modelc_abi_version} (i32) and {@code
 * modelc_metadata} (a string that ends with a zero byte), and nothing else. It leaves libc's
 * functions open (memset, memcpy, syscall): whoever loads it has them.
 */
public final class SharedLibrary {
  private static final long LINK_SECONDS = 120;

  private SharedLibrary() {}

  /**
   * The bytes of the library.
   *
   * @param functions what it exports, e.g. {@code modelc_infer}
   * @param metadata a description to carry along
   * @throws CodeGenerationException if the linker refuses it
   * @throws IOException if temporary files cannot be written
   */
  public static byte[] link(
      CompiledObject object, List<String> functions, int abiVersion, String metadata)
      throws IOException {
    Path folder = Files.createTempDirectory("modelc-link-");
    try {
      var inputs = new ArrayList<String>();
      for (CompiledObject.Part part : object.parts()) {
        inputs.add(write(folder, "part" + inputs.size() + ".o", part.object()));
      }
      String constants = constants(abiVersion, metadata);
      byte[] described = LlvmCompiler.object(constants, object.machine().llvm(), true).bytes();
      inputs.add(write(folder, "metadata.o", described));
      var exported = new ArrayList<>(functions);
      exported.addAll(List.of("modelc_abi_version", "modelc_metadata"));
      Path out = folder.resolve("library");
      var command = new ArrayList<String>(List.of(linker().toString(), "-flavor"));
      if (object.machine().isWasm()) {
        inputs.add(
            write(
                folder,
                "lacking.o",
                LlvmCompiler.object(WasmLacks.CODE, object.machine().llvm(), true).bytes()));
        command.addAll(wasm(exported));
      } else {
        command.addAll(elf(Files.writeString(folder.resolve("exports"), exports(exported))));
      }
      command.addAll(List.of("-s", "--gc-sections", "-o", out.toString()));
      command.addAll(inputs);
      run(command);
      return Files.readAllBytes(out);
    } finally {
      delete(folder);
    }
  }

  private static List<String> elf(Path exports) {
    return List.of(
        "gnu",
        "-shared",
        "--version-script=" + exports,
        "--build-id=none",
        "-znow",
        "-zrelro",
        "-znoexecstack",
        "--hash-style=gnu");
  }

  /** A module that brings its memory; what it does not use of that begins at __heap_base. */
  private static List<String> wasm(List<String> exported) {
    var options =
        new ArrayList<>(List.of("wasm", "--no-entry", "--stack-first", "-zstack-size=1048576"));
    exported.forEach(e -> options.add("--export=" + e));
    options.add("--export=__heap_base");
    return options;
  }

  private static String constants(int abiVersion, String metadata) {
    byte[] bytes = metadata.getBytes(StandardCharsets.UTF_8);
    var text = new StringBuilder(bytes.length * 2);
    for (byte b : bytes) {
      if (b >= ' ' && b < 127 && b != '"' && b != '\\') {
        text.append((char) b);
      } else {
        text.append(String.format(Locale.ROOT, "\\%02X", b));
      }
    }
    return "@modelc_abi_version = constant i32 %d%n@modelc_metadata = constant [%d x i8] c\"%s\\00\"%n"
        .formatted(abiVersion, bytes.length + 1, text);
  }

  private static String exports(List<String> exported) {
    return "{ global: " + String.join("; ", exported) + "; local: *; };\n";
  }

  /** The linker, unpacked beside the libLLVM it needs. */
  private static Path linker() throws IOException {
    LlvmCompiler.host(); // unpacks and loads libLLVM
    File unpacked =
        Loader.cacheResource(LLVM.class, "/org/bytedeco/llvm/" + Loader.getPlatform() + "/lld");
    if (unpacked == null) {
      throw new CodeGenerationException(
          "LLVM's package for " + Loader.getPlatform() + " has no linker");
    }
    if (!unpacked.canExecute() && !unpacked.setExecutable(true)) {
      throw new IOException(unpacked + " cannot be made executable");
    }
    Path folder = unpacked.toPath().toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException(unpacked + " has no folder");
    }
    Path named = folder.resolve("libLLVM.so." + llvmVersion());
    if (!Files.exists(named)) {
      try {
        Files.createSymbolicLink(named, Path.of("libLLVM.so"));
      } catch (FileAlreadyExistsException e) {
        // Another process was quicker.
      }
    }
    return unpacked.toPath();
  }

  /** LLVM's version, e.g. {@code 20.1}. */
  public static String llvmVersion() {
    LlvmCompiler.host();
    int[] major = new int[1];
    int[] minor = new int[1];
    LLVM.LLVMGetVersion(major, minor, new int[1]);
    return major[0] + "." + minor[0];
  }

  private static void run(List<String> command) throws IOException {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    Path folder = Path.of(command.getFirst()).getParent();
    if (folder != null) {
      builder.environment().put("LD_LIBRARY_PATH", folder.toString());
    }
    Process process = builder.start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (!process.waitFor(LINK_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new CodeGenerationException("the linker did not end within " + LINK_SECONDS + " s");
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while linking", e);
    }
    if (process.exitValue() != 0) {
      throw new CodeGenerationException("the linker refused the code: " + said.strip());
    }
  }

  private static String write(Path folder, String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes).toString();
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
