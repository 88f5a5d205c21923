package modelc.cli;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import modelc.backend.gpu.PtxBackend;
import modelc.bundle.ExitCode;
import modelc.compiler.Compiler;
import modelc.frontend.Checked;
import modelc.ir.tensor.Program;
import modelc.passes.Options;
import modelc.passes.Pass;
import modelc.passes.Pipeline;
import modelc.runtime.UsageException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code modelc ir}: a model as text at any stage of its compilation. */
@Command(
    name = "ir",
    mixinStandardHelpOptions = true,
    description = "Prints a model at a stage of its compilation.")
final class IrCommand implements Callable<Integer> {
  @Mixin ModelArguments model;

  @Option(
      names = "--stage",
      paramLabel = "STAGE",
      description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  Stage stage = Stage.tensor;

  @Option(
      names = "--after",
      paramLabel = "PASS",
      description = "Tensor IR after this pass, instead of a stage.")
  Optional<String> after = Optional.empty();

  @Option(
      names = "--entry",
      paramLabel = "ENTRY",
      description = "Only this entry: init, infer, eval or train (default: all).")
  Optional<String> entry = Optional.empty();

  @Option(
      names = "--sm",
      paramLabel = "N",
      description =
          "Compute capability that --stage ptx is for, without the point"
              + " (default: ${DEFAULT-VALUE}).")
  String sm = "80";

  @Option(names = "--no-fuse", description = "Every op a kernel of its own.")
  boolean noFuse;

  /** The stages as people write them. */
  enum Stage {
    tensor(Compiler.Stage.TENSOR),
    grad(Compiler.Stage.GRAD),
    fused(Compiler.Stage.FUSED),
    loops(Compiler.Stage.LOOPS),
    kernels(Compiler.Stage.KERNELS),
    llvm(Compiler.Stage.LLVM),
    asm(Compiler.Stage.ASM),
    ptx(Compiler.Stage.PTX);

    private final Compiler.Stage stage;

    Stage(Compiler.Stage stage) {
      this.stage = stage;
    }
  }

  @Override
  public Integer call() throws IOException {
    Checked checked = model.load();
    Program program = model.chosen(checked.program(), entry.stream().toList());
    var compiler =
        new Compiler(Options.DEFAULT.withFuse(!noFuse).withPrecision(checked.precision()));
    if (after.isPresent()) {
      List<String> passes = Pipeline.passes().stream().map(Pass::name).toList();
      if (!passes.contains(after.get())) {
        throw new UsageException(
            "C0106",
            "no pass is called " + after.get(),
            "the passes are " + String.join(", ", passes));
      }
      System.out.print(compiler.after(program, after.get()));
    } else if (stage == Stage.ptx) {
      System.out.print(ptx(compiler, program));
    } else {
      System.out.print(compiler.text(program, stage.stage));
    }
    System.out.flush();
    return ExitCode.OK.code();
  }

  private String ptx(Compiler compiler, Program program) {
    if (sm.equals(PtxBackend.SM_90A)) {
      return compiler.gpuSm90a(program).text();
    }
    List<String> known = PtxBackend.CAPABILITIES.stream().map(String::valueOf).toList();
    if (!known.contains(sm)) {
      throw new UsageException(
          "C0120",
          "no code is made for sm_" + sm,
          "pass one of "
              + String.join(", ", known)
              + ": the PTX of one runs on all later devices too; or "
              + PtxBackend.SM_90A
              + ", which runs on 9.0 alone");
    }
    return compiler.gpu(program, Integer.parseInt(sm)).text();
  }
}
