package modelc.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import modelc.backend.cpu.Machine;
import modelc.bundle.ExitCode;
import modelc.compiler.Compiled;
import modelc.compiler.Libraries;
import modelc.frontend.Checked;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Program;
import modelc.runtime.DeviceProgram;
import modelc.runtime.UsageException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code modelc compile}: writes a model as a shared library and its C header. */
@Command(
    name = "compile",
    mixinStandardHelpOptions = true,
    description = {
      "Compiles a model to a shared library, which any program can load, and a C header;",
      "or to a jar that a Java application puts on its path.",
      "Both hold code and no weights. docs/abi.md and docs/embedding.md describe them."
    })
final class CompileCommand implements Callable<Integer> {
  @Mixin ModelArguments model;

  @Mixin CacheOption cache;

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "FILE",
      description = "What is written, LIB.so or LIB.jar; a library's header goes beside it.")
  Path output = Path.of("");

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "The largest batch it takes (default: the recipe's, or 64).")
  Optional<Long> batch = Optional.empty();

  @Option(
      names = "--entry",
      split = ",",
      paramLabel = "ENTRY",
      description = "Only these: init, infer, eval, train (default: all).")
  List<String> entries = List.of();

  @Option(
      names = "--cpu",
      paramLabel = "CPU",
      description = "The processor: native, x86-64-v3 or x86-64-v4 (default: native).")
  String cpu = "native";

  @Option(
      names = "--target",
      paramLabel = "TARGET",
      description = "The system: x86_64-linux, aarch64-linux or wasm32 (default: this one).")
  Optional<String> target = Optional.empty();

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "so or jar (default: by the end of the output's name, or so).")
  Optional<Format> format = Optional.empty();

  @Option(
      names = "--package",
      paramLabel = "NAME",
      description = "The Java package and module of a jar (default: the model's name).")
  Optional<String> packageName = Optional.empty();

  @Option(
      names = "--gpu",
      description = "A library that carries kernels for NVIDIA's GPUs, too (PTX).")
  boolean gpu;

  @Option(names = "--json", description = "What was written, as one JSON object.")
  boolean json;

  /** What can be written. */
  enum Format {
    so,
    jar
  }

  private final Talk talk = Talk.standard();

  @Override
  public Integer call() throws IOException {
    Machine machine = machine();
    Checked checked = model.load(batch);
    Program program = model.chosen(checked.program(), entries);
    Compiled compiled = cache.compiler(machine).compile(program);
    String name = String.valueOf(output.getFileName());
    boolean jar = format.orElse(name.endsWith(".jar") ? Format.jar : Format.so) == Format.jar;
    Optional<Path> header = jar ? Optional.empty() : Optional.of(header(name));
    if (jar) {
      Libraries.writeJar(compiled, program, output, javaPackage(program));
    } else {
      Optional<DeviceProgram> kernels =
          gpu
              ? Optional.of(cache.compiler(checked.precision()).forDevices(program).program())
              : Optional.empty();
      Libraries.write(compiled, program, kernels, output);
      Libraries.writeHeader(compiled, header.get());
    }
    List<String> written = program.entries().stream().map(Entry::name).toList();
    if (json) {
      var object = new LinkedHashMap<String, Object>();
      object.put("library", output.toString());
      header.ifPresent(h -> object.put("header", h.toString()));
      object.put("bytes", Files.size(output));
      object.put("entries", written);
      object.put("cpu", machine.cpu());
      Json.print(object);
    } else {
      talk.line(
          "%s: %,d bytes, for %s, with %s",
          output, Files.size(output), machine.cpu(), String.join(", ", written));
      talk.line(
          "%s",
          header
              .map(h -> h + " describes it")
              .orElse(javaPackage(program) + "." + program.model() + ".load() loads it"));
    }
    return ExitCode.OK.code();
  }

  private Machine machine() {
    try {
      return target.isPresent() ? Machine.named(target.get(), cpu) : Machine.named(cpu);
    } catch (IllegalArgumentException e) {
      var names = new ArrayList<>(List.of("native"));
      names.addAll(Machine.LEVELS);
      throw new UsageException(
          "C0110",
          String.valueOf(e.getMessage()),
          "use --cpu "
              + String.join(", ", names)
              + "; --target "
              + String.join(", ", Machine.TARGETS),
          e);
    }
  }

  private String javaPackage(Program program) {
    return packageName.orElse(program.model().toLowerCase(Locale.ROOT));
  }

  /** {@code lib.h} for {@code lib.so}. */
  private Path header(String name) {
    int dot = name.lastIndexOf('.');
    return output.resolveSibling((dot > 0 ? name.substring(0, dot) : name) + ".h");
  }
}
