package modelc.compiler;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.stream.Stream;
import modelc.backend.cpu.CpuBackend;
import modelc.backend.cpu.Machine;
import modelc.backend.gpu.PtxBackend;
import modelc.backend.llvm.LlvmCompiler;
import modelc.ir.tensor.Printer;
import modelc.ir.tensor.Program;
import modelc.passes.Options;
import modelc.passes.Pipeline;
import modelc.runtime.ContentCache;

/**
 * The hash of everything compiled code depends on: the program's Tensor IR, the options, the
 * target, the processor with its features, LLVM, and the compiler's own classes. It stores nothing.
 *
 * @param hash in hexadecimal
 */
record CodeKey(String hash) {

  static CodeKey of(Program program, Options options, Machine machine) {
    return of(program, options, machine + "\n" + machine.target());
  }

  /** Of kernels for GPUs of these compute capabilities. */
  static CodeKey of(Program program, Options options, List<Integer> capabilities) {
    return of(program, options, "gpu " + capabilities);
  }

  private static CodeKey of(Program program, Options options, String hardware) {
    String made =
        String.join(
            "\n",
            Build.ID,
            CpuBackend.version(),
            hardware,
            options.toString(),
            Printer.print(program));
    byte[] bytes = made.getBytes(StandardCharsets.UTF_8);
    return new CodeKey(sha256(bytes, 0, bytes.length));
  }

  static String sha256(byte[] bytes, int from, int length) {
    return ContentCache.sha256(bytes, from, length);
  }

  /**
   * Which build of the compiler this is: the names, sizes and times of the files it consists of.
   */
  private static final class Build {
    static final String ID = id();

    private static String id() {
      var text = new StringBuilder();
      for (Class<?> c :
          List.of(
              Program.class,
              Pipeline.class,
              LlvmCompiler.class,
              CpuBackend.class,
              PtxBackend.class,
              CodeKey.class)) {
        text.append(files(c.getProtectionDomain().getCodeSource()));
      }
      byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
      return sha256(bytes, 0, bytes.length);
    }

    private static String files(CodeSource source) {
      try (Stream<Path> files = Files.walk(Path.of(source.getLocation().toURI()))) {
        var lines = new StringBuilder();
        for (Path p : (Iterable<Path>) files.filter(Files::isRegularFile).sorted()::iterator) {
          lines.append(p).append(' ').append(Files.size(p)).append(' ');
          lines.append(Files.getLastModifiedTime(p).toMillis()).append('\n');
        }
        return lines.toString();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (URISyntaxException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
