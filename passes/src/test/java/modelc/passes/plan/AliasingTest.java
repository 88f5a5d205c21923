package modelc.passes.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import modelc.ir.DType;
import modelc.ir.TensorType;
import modelc.ir.loop.LoopEntry;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Tensor;
import modelc.ir.tensor.Value;
import modelc.passes.Gpu;
import modelc.passes.Hardware;
import modelc.passes.Options;
import modelc.passes.Pipeline;
import modelc.passes.Target;
import modelc.passes.testing.Comparison;
import org.junit.jupiter.api.Test;

/**
 * Results that replace arguments: written in place where nothing is lost by it, copied where
 * something would be.
 */
class AliasingTest {
  private static final TensorType TYPE = TensorType.of(DType.F32, 3, 3);

  private final Builder b = new Builder();
  private final Value w = b.parameter("w", TYPE);
  private final Value m = b.parameter("m", TYPE);

  @Test
  void anElementwiseUpdateIsInPlace() {
    assertThat(copies(b.subtract(w, m), b.add(m, w))).isZero();
  }

  @Test
  void aReadOfOtherElementsInTheSameKernelNeedsACopy() {
    assertThat(copies(b.add(w, b.transpose(List.of(1, 0), w)), m)).isEqualTo(1);
  }

  @Test
  void aReadByAnotherResultIsOrderedBeforeTheWrite() {
    Value product = b.dotGeneral(List.of(), List.of(), List.of(1), List.of(0), w, m);
    // The product cannot replace its own operand; the new w can wait for it.
    assertThat(copies(b.negate(w), product)).isEqualTo(1);
  }

  @Test
  void exchangedArgumentsNeedACopy() {
    assertThat(copies(m, w)).isGreaterThanOrEqualTo(1);
  }

  @Test
  void aNewValueReadByWhatTheOldOneIsStillReadByNeedsNoCopyInOneKernel() {
    Value next = b.subtract(w, m);
    assertThat(copies(next, b.multiply(next, w))).isZero();
  }

  @Test
  void aProductOfTheNewValueAndASumOverTheOldOneIsRight() {
    Value next = b.negate(w);
    Value sum = b.sum(List.of(0), b.multiply(b.reverse(List.of(0), w), next));
    Value spread = b.broadcast(TYPE.shape(), List.of(1), sum);
    assertThat(
            copies(next, b.dotGeneral(List.of(), List.of(), List.of(1), List.of(0), next, spread)))
        .isLessThanOrEqualTo(1);
  }

  @Test
  void anUnchangedArgumentNeedsNoKernel() {
    assertThat(program(w, b.negate(m)).entries().getFirst().results()).hasSize(2);
    assertThat(lowered(program(w, b.negate(m)), Target.AVX2).launches()).hasSize(1);
    assertThat(copies(w, b.negate(m))).isZero();
  }

  /**
   * How many copies the entry needs that puts {@code newW} over w and {@code newM} over m; checks
   * what it computes on a CPU and on a GPU.
   */
  private long copies(Value newW, Value newM) {
    Program program = program(newW, newM);
    LoopEntry loops = lowered(program, Target.AVX2);
    List<Tensor> arguments = List.of(Tensor.random(TYPE, 1), Tensor.random(TYPE, 2));
    Entry entry = program.entry("main");
    List<Tensor> expected = Interpreter.run(entry.function(), arguments, Map.of());
    for (LoopEntry lowered : List.of(loops, lowered(program, Gpu.SM_80))) {
      List<Tensor> actual = Comparison.run(entry, lowered, arguments, Map.of());
      for (int i = 0; i < 2; i++) {
        assertThat(Comparison.difference(expected.get(i), actual.get(i), 1e-6)).isEmpty();
      }
    }
    return loops.launches().stream().filter(l -> l.kernel().name().contains("copy")).count();
  }

  private static LoopEntry lowered(Program program, Hardware hardware) {
    return Pipeline.lower(program, hardware, Options.DEFAULT.withVerify(true))
        .program()
        .entries()
        .getFirst();
  }

  private Program program(Value newW, Value newM) {
    var arguments = new ArrayList<Entry.Argument>();
    arguments.add(new Entry.Argument("w", Entry.Kind.PARAMETER, w));
    arguments.add(new Entry.Argument("m", Entry.Kind.OPTIMIZER_STATE, m));
    var results = new ArrayList<Entry.Result>();
    results.add(new Entry.Result("w", Entry.Kind.PARAMETER, newW, OptionalInt.of(0)));
    results.add(new Entry.Result("m", Entry.Kind.OPTIMIZER_STATE, newM, OptionalInt.of(1)));
    return new Program("alias", List.of(new Entry("main", arguments, results)));
  }
}
