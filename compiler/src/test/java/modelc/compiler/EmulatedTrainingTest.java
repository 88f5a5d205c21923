package modelc.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import modelc.ir.Precision;
import modelc.ir.tensor.Program;
import modelc.passes.Gpu;
import modelc.passes.Options;
import modelc.passes.testing.Networks;
import modelc.ptx.EmulatorOptions;
import modelc.ptx.PtxFault;
import modelc.runtime.Call;
import modelc.runtime.Kind;
import modelc.runtime.Model;
import modelc.runtime.Session;
import modelc.runtime.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sessions on an emulated GPU train as those on the CPU do. */
class EmulatedTrainingTest {
  private static final int STEPS = 10;

  /** How far losses and weights may be from the CPU's: docs/gpu.md has these figures. */
  private static double tolerance(Precision p) {
    return switch (p) {
      case FLOAT32 -> 1e-5;
      case TF32 -> 1e-3;
      case BF16 -> 1e-2;
    };
  }

  @ParameterizedTest
  @EnumSource
  void mlpHasTheLossesOfTheCpu(Precision p) {
    agrees(Networks.mlp(8, 20, 12, 10), p, "x", 20, 8);
  }

  @Test
  void lenetHasTheLossesOfTheCpu() {
    agrees(Networks.lenet(2), Precision.FLOAT32, "image", 1024, 2);
  }

  @Tag("slow")
  @ParameterizedTest
  @EnumSource(names = "FLOAT32", mode = EnumSource.Mode.EXCLUDE)
  void lenetHasNearlyTheLossesOfTheCpu(Precision p) {
    agrees(Networks.lenet(2), p, "image", 1024, 2);
  }

  /** With every product by warpgroups, as large ones are on devices of capability 9.0. */
  @ParameterizedTest
  @EnumSource(names = "FLOAT32", mode = EnumSource.Mode.EXCLUDE)
  void mlpByWarpgroupsHasTheLossesOfTheCpu(Precision p) {
    Program program = Networks.mlp(8, 20, 12, 10);
    Compiler.OnDevice compiled =
        new Compiler(Options.DEFAULT.withPrecision(p))
            .forDevices(program, List.of(80), Gpu.SM_90A.withLeastForWarpgroups(0));
    assertThat(compiled.program().sm90a()).isPresent();
    var device = new EmulatedDevice(EmulatorOptions.DEFAULT, true);
    var gpu = new Model(compiled.spec(), compiled.program(), device);
    agrees(gpu, program, p, "x", 20, 8);
  }

  private static void agrees(Program program, Precision p, String input, int elements, int batch) {
    Options options = Options.DEFAULT.withPrecision(p);
    Model gpu = new Compiler(options).on(new EmulatedDevice(), program);
    agrees(gpu, program, p, input, elements, batch);
  }

  private static void agrees(
      Model emulatedModel, Program program, Precision p, String input, int elements, int batch) {
    try (Model gpu = emulatedModel;
        Model cpu = new Compiler().compile(program).load();
        Session expected = cpu.open(1);
        Session actual = gpu.open(1)) {
      List<Double> losses = losses(expected, input, elements, batch);
      List<Double> emulated = losses(actual, input, elements, batch);
      for (int i = 0; i < STEPS; i++) {
        assertThat(emulated.get(i)).as("step " + i).isCloseTo(losses.get(i), within(tolerance(p)));
      }
      assertThat(losses.getLast()).isLessThan(losses.getFirst());
      expected
          .variables(k -> k == Kind.PARAMETER)
          .forEach((name, t) -> close(name, t, actual.variable(name), tolerance(p)));
    }
  }

  private static void close(String name, Tensor expected, Tensor actual, double most) {
    for (long i = 0; i < expected.elements(); i++) {
      float e = expected.data().getAtIndex(ValueLayout.JAVA_FLOAT, i);
      float a = actual.data().getAtIndex(ValueLayout.JAVA_FLOAT, i);
      assertThat(a).as(name + " " + i).isCloseTo(e, within((float) most));
    }
  }

  /** The same weights and batches for every session. */
  private static List<Double> losses(Session session, String input, int elements, int batch) {
    var random = new Random(7);
    session
        .variables(_ -> true)
        .forEach(
            (name, t) -> {
              for (long i = 0; i < t.elements(); i++) {
                boolean weight = !name.endsWith(".m");
                float x = weight ? (random.nextFloat() - 0.5f) * 0.4f : 0;
                t.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, x);
              }
            });
    session.set(session.variables(_ -> true));
    try (Call train = session.call("train")) {
      train.size("batch", batch);
      return IntStream.range(0, STEPS).mapToObj(_ -> step(train, random, input, elements)).toList();
    }
  }

  private static double step(Call train, Random random, String input, int elements) {
    Tensor x = train.input(input);
    var fixed = new Random(3);
    for (long i = 0; i < x.elements(); i++) {
      x.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, fixed.nextFloat());
    }
    Tensor label = train.input("label");
    for (long i = 0; i < label.elements(); i++) {
      label.data().setAtIndex(ValueLayout.JAVA_INT, i, (int) (i * 3 % 10));
    }
    train.run();
    assertThat(train.flag("finite")).isTrue();
    return train.value("loss");
  }

  @Test
  void aFaultOfTheDeviceIsTheCallsException() {
    var options = EmulatorOptions.DEFAULT.withStepLimit(1);
    try (Model gpu = new Compiler().on(new EmulatedDevice(options), Networks.mlp(8, 20, 12, 10));
        Session session = gpu.open(1)) {
      session.set(session.variables(_ -> true));
      Call train = session.call("train").size("batch", 8);
      train.input("x");
      train.input("label");
      assertThatThrownBy(train::run).isInstanceOf(PtxFault.class).hasMessageContaining("k_train_0");
    }
  }
}
