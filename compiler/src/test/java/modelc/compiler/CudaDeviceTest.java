package modelc.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import modelc.frontend.DataCatalog;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.ir.DType;
import modelc.ir.Precision;
import modelc.ir.TensorType;
import modelc.ir.tensor.Program;
import modelc.passes.Gpu;
import modelc.passes.Options;
import modelc.ptx.EmulatorOptions;
import modelc.runtime.Artifact;
import modelc.runtime.BatchSource;
import modelc.runtime.Column;
import modelc.runtime.ContentCache;
import modelc.runtime.Device;
import modelc.runtime.DeviceException;
import modelc.runtime.DeviceProgram;
import modelc.runtime.ElementType;
import modelc.runtime.Evaluator;
import modelc.runtime.LimitException;
import modelc.runtime.Model;
import modelc.runtime.ModelcException;
import modelc.runtime.Session;
import modelc.runtime.Tensor;
import modelc.runtime.Trainer;
import modelc.runtime.TrainerOptions;
import modelc.runtime.TrainingListener;
import modelc.runtime.UsageException;
import modelc.runtime.cuda.CudaDevice;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * How NVIDIA's driver is used, against one that is none ({@link FakeCuda}): what training gives,
 * every failure that a function may report, the machine code that is kept. That the driver itself
 * sees things as the fake does, only hardware can tell.
 */
class CudaDeviceTest {
  private static final int UNKNOWN = 999;
  private static final int SAMPLES = 22; // full batches, and one that is not

  // Not where they are declared: the front end works on a thread of its own, which would wait for
  // this class.
  private static Program program;
  private static Compiler.OnDevice compiled;

  private static @Nullable FakeCuda built;

  @TempDir Path folder;

  private FakeCuda fake;

  @BeforeAll
  static void build() throws Exception {
    program = load();
    compiled = new Compiler().forDevices(program, List.of(80, 90));
    built = FakeCuda.build().orElse(null);
  }

  @BeforeEach
  void reset() {
    Assumptions.assumeTrue(built != null, "no C compiler on the PATH: the driver is not tested");
    fake = java.util.Objects.requireNonNull(built);
    fake.reset();
  }

  private static Program load() {
    DataCatalog catalog =
        _ ->
            List.of(
                new DataCatalog.Column("x", TensorType.of(DType.F32, 3)),
                new DataCatalog.Column("target", TensorType.of(DType.F32, 1)));
    String source =
        """
        model Line {
            input x: f32[3]
            output y = x -> fc1: dense(5) -> tanh -> dropout(0.2) -> fc2: dense(1)
        }

        train Line {
            data      = points()
            loss      = mse(y, target)
            optimizer = adam(lr = 0.05)
            batch     = 8
        }
        """;
    return Frontend.load("line.model", source, FrontendOptions.of(catalog)).program();
  }

  /** Points that lie on a curve. */
  private record Points() implements BatchSource {
    @Override
    public List<Column> columns() {
      return List.of(
          new Column("x", ElementType.F32, List.of(3L)),
          new Column("target", ElementType.F32, List.of(1L)));
    }

    @Override
    public long size() {
      return SAMPLES;
    }

    @Override
    public void read(long sample, long epoch, MemorySegment[] rows) {
      var random = new Random(sample);
      float sum = 0;
      for (int i = 0; i < 3; i++) {
        float x = random.nextFloat() - 0.5f;
        rows[0].setAtIndex(ValueLayout.JAVA_FLOAT, i, x);
        sum += x * (i + 1);
      }
      rows[1].set(ValueLayout.JAVA_FLOAT, 0, (float) Math.tanh(sum));
    }
  }

  private CudaDevice open() {
    return CudaDevice.open(0, Optional.of(new ContentCache(folder)), fake.environment());
  }

  private Model cuda(DeviceProgram program) {
    return new Model(compiled.spec(), program, open());
  }

  private static Model on(Device device) {
    return new Model(compiled.spec(), compiled.program(), device);
  }

  /** Trains some epochs, going on from the checkpoint if there is one; gives all variables. */
  private static Map<String, List<Float>> train(Model model, Path checkpoint, int epochs) {
    try (Session session = model.open(1)) {
      session.init(5);
      var options = TrainerOptions.of(epochs, 8).withCheckpoint(checkpoint, 0).withDataThreads(2);
      var trainer =
          new Trainer(
              session,
              new Points(),
              Optional.of(new Points()),
              options,
              TrainingListener.all(List.of()));
      if (Files.exists(checkpoint)) {
        trainer.resume(checkpoint);
      }
      trainer.run();
      return session.variables(_ -> true).entrySet().stream()
          .collect(Collectors.toMap(Map.Entry::getKey, e -> numbers(e.getValue())));
    }
  }

  private static List<Float> numbers(Tensor t) {
    var numbers = new ArrayList<Float>();
    for (float f : t.data().toArray(ValueLayout.JAVA_FLOAT)) {
      numbers.add(f);
    }
    return numbers;
  }

  private void isClean() {
    assertThat(fake.thrown()).isEmpty();
    assertThat(fake.complaint()).isEmpty();
    assertThat(fake.leaks()).isEmpty();
  }

  @Test
  void trainsAsTheEmulatorDoesToTheBit() {
    Map<String, List<Float>> expected;
    try (Model emulated = on(new EmulatedDevice())) {
      expected = train(emulated, folder.resolve("emulated"), 2);
    }
    fake.emulate(compiled.program());
    Map<String, List<Float>> actual;
    try (Model cuda = cuda(compiled.program())) {
      actual = train(cuda, folder.resolve("cuda"), 2);
    }
    assertThat(actual).isEqualTo(expected);
    isClean();
  }

  /** Compiled so that all products are by warpgroups on devices of capability 9.0. */
  private static Compiler.OnDevice byWarpgroups() {
    return new Compiler(Options.DEFAULT.withPrecision(Precision.TF32))
        .forDevices(program, List.of(80, 90), Gpu.SM_90A.withLeastForWarpgroups(0));
  }

  private DeviceProgram chosen(DeviceProgram all, String sm90a) {
    try (CudaDevice device = CudaDevice.open(0, Optional.empty(), fake.environment(sm90a))) {
      return device.choice(all);
    }
  }

  @Test
  void onlyCapability90TakesItsOwnKernels() {
    DeviceProgram all = byWarpgroups().program();
    DeviceProgram own = all.sm90a().orElseThrow();
    assertThat(own.modules().getFirst().ptx()).contains(".target sm_90a", "wgmma.mma_async");
    assertThat(all.modules().getFirst().ptx()).doesNotContain("wgmma");
    assertThat(compiled.program().sm90a()).isEmpty();
    assertThat(chosen(all, "")).isSameAs(own);
    assertThat(chosen(all, "on")).isSameAs(own);
    assertThat(chosen(all, "off")).isSameAs(all);
    assertThat(chosen(compiled.program(), "on")).isSameAs(compiled.program());
    assertThatThrownBy(() -> chosen(all, "yes"))
        .isInstanceOfSatisfying(UsageException.class, e -> assertThat(e.code()).isEqualTo("R0911"))
        .hasMessage("MODELC_SM90A is yes");
    for (int capability : List.of(80, 89, 100, 120)) {
      fake.machine(12040, 1, capability, 1 << 30);
      assertThat(chosen(all, "on")).as("%d", capability).isSameAs(all);
    }
    fake.machine(11080, 1, 90, 1 << 30);
    assertThat(chosen(all, "on")).isSameAs(all);
    isClean();
  }

  /** They have more shared memory than a launch may have that was not allowed it. */
  @Test
  void trainsByWarpgroupsAsTheEmulatorDoesToTheBit() {
    Compiler.OnDevice all = byWarpgroups();
    DeviceProgram own = all.program().sm90a().orElseThrow();
    Map<String, List<Float>> expected;
    var emulator = new EmulatedDevice(EmulatorOptions.DEFAULT, true);
    try (Model emulated = new Model(all.spec(), all.program(), emulator)) {
      expected = train(emulated, folder.resolve("emulated"), 1);
    }
    fake.emulate(own);
    Map<String, List<Float>> actual;
    try (Model cuda = new Model(all.spec(), all.program(), open())) {
      actual = train(cuda, folder.resolve("cuda"), 1);
    }
    assertThat(actual).isEqualTo(expected);
    assertThat(fake.calls()).contains("cuFuncSetAttribute");
    isClean();
  }

  @Test
  void aRunMovesBetweenDevices() {
    fake.emulate(compiled.program());
    Path moved = folder.resolve("moved");
    Map<String, List<Float>> there;
    Map<String, List<Float>> here;
    try (Model cuda = cuda(compiled.program());
        Model cpu = new Compiler().compile(program).load()) {
      train(cpu, moved, 1);
      train(cuda, moved, 2);
      there = train(cpu, moved, 3);
      here = train(cpu, folder.resolve("stayed"), 3);
    }
    here.forEach(
        (name, values) -> {
          for (int i = 0; i < values.size(); i++) {
            assertThat(there.get(name).get(i))
                .as(name)
                .isCloseTo(values.get(i), org.assertj.core.data.Offset.offset(1e-4f));
          }
        });
    isClean();
  }

  @Test
  void aStepIsOneGraphAndItsBatchIsSentAhead() {
    try (Model cuda = cuda(compiled.program());
        Session session = cuda.open(1)) {
      session.init(5);
      var evaluator = new Evaluator(session, 1);
      evaluator.evaluate(new Points(), 8);
      fake.forgetCalls();
      evaluator.evaluate(new Points(), 8);
    }
    List<String> calls = fake.calls();
    assertThat(Collections.frequency(calls, "cuGraphLaunch")).isEqualTo(3);
    assertThat(calls).doesNotContain("cuLaunchKernel", "cuStreamBeginCapture_v2");
    assertThat(Collections.frequency(calls, "cuMemcpyHtoDAsync_v2")).isEqualTo(2 * 3);
    assertThat(Collections.frequency(calls, "cuMemcpyDtoDAsync_v2")).isEqualTo(2 * 3);
    isClean();
  }

  @Test
  void aLibraryCarriesTheKernels() throws Exception {
    Path library = folder.resolve("line.so");
    Libraries.write(
        new Compiler().compile(program), program, Optional.of(compiled.program()), library);
    Artifact read = Artifact.open(library);
    assertThat(read.kernels()).contains(compiled.program());

    fake.emulate(compiled.program());
    Map<String, List<Float>> expected;
    Map<String, List<Float>> actual;
    try (Model here = cuda(compiled.program());
        Model carried = read.load(open())) {
      expected = train(here, folder.resolve("here"), 1);
      actual = train(carried, folder.resolve("carried"), 1);
    }
    assertThat(actual).isEqualTo(expected);
    isClean();
  }

  @Test
  void theGpusTimeIsMeasured() {
    CudaDevice device = open();
    device.measureTimes(true);
    try (Model cuda = on(device);
        Session session = cuda.open(1)) {
      session.init(1);
      assertThat(device.lastMillis()).hasValue(1.25);
    }
    isClean();
  }

  @Test
  void machineCodeIsKept() throws Exception {
    live();
    assertThat(fake.calls()).contains("cuLinkComplete");
    fake.forgetCalls();
    live();
    assertThat(fake.calls()).doesNotContain("cuLinkComplete").contains("cuModuleLoadDataEx");

    // What the driver does not take any more is made anew.
    var cache = new ContentCache(folder);
    try (Stream<Path> files = Files.list(folder)) {
      Path kept = files.filter(p -> p.toString().endsWith(".code")).findFirst().orElseThrow();
      String key = kept.getFileName().toString().replace(".code", "");
      cache.write(key, "of another driver".getBytes());
    }
    fake.forgetCalls();
    live();
    assertThat(fake.calls()).contains("cuLinkComplete");
    isClean();
  }

  /** Everything that a program does with a device. */
  private void live() {
    try (Model model = cuda(compiled.program());
        Session session = model.open(1)) {
      session.init(5);
      new Evaluator(session, 1).evaluate(new Points(), 8);
      assertThat(session.variables(_ -> true)).isNotEmpty();
      new Evaluator(session, 1).evaluate(new Points(), 8);
    }
  }

  @Test
  void whateverFailsIsToldAndTheRestIsFreed() {
    live();
    isClean();
    var functions = new LinkedHashSet<>(fake.calls());
    assertThat(functions).hasSizeGreaterThan(30);
    for (String function : functions) {
      for (int after = 0; after < 4; after++) {
        fake.reset();
        deleteKept();
        fake.fail(function, UNKNOWN, after);
        Throwable thrown = catchThrowable(this::live);
        String what = function + " after " + after + " calls";
        if (thrown == null) {
          assertThat(after).as(what).isPositive();
          break; // it is not called so often
        }
        assertThat(thrown).as(what).isInstanceOf(ModelcException.class);
        assertThat(thrown.getMessage()).as(what).contains(function).contains("CUDA_ERROR_UNKNOWN");
        assertThat(((ModelcException) thrown).cure()).as(what).isNotEmpty();
        assertThat(fake.complaint()).as(what).isEmpty();
        // What could not be freed is all that may be left.
        boolean freeing = function.matches(".*(Free|Destroy|Unload|Release|SetCurrent).*");
        assertThat(fake.leaks().lines().count()).as(what).isLessThanOrEqualTo(freeing ? 1 : 0);
      }
    }
  }

  private void deleteKept() {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path p : files.toList()) {
        Files.delete(p);
      }
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void tooLittleMemoryIsToldWithThePlan() {
    fake.machine(12040, 1, 90, 1000);
    assertThatThrownBy(this::live)
        .isInstanceOf(LimitException.class)
        .hasMessageContaining("Fake GPU 0 has no 0.0 MiB left for a session of Line")
        .hasMessageContaining("weights and optimizer states 0.0 MiB, init")
        .hasMessageContaining("are free");
    assertThat(fake.leaks()).isEmpty();
  }

  private void refuses(String code, String... parts) {
    assertThatThrownBy(this::live)
        .isInstanceOfSatisfying(DeviceException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContainingAll(parts);
    assertThat(fake.leaks()).isEmpty();
  }

  @Test
  void whatIsMissingIsNamed() {
    assertThatThrownBy(
            () -> CudaDevice.open(0, Optional.empty(), Map.of("MODELC_LIBCUDA", "/no/libcuda.so")))
        .isInstanceOfSatisfying(DeviceException.class, e -> assertThat(e.code()).isEqualTo("R0901"))
        .hasMessageContaining("/no/libcuda.so");

    fake.machine(11040, 1, 90, 1 << 30);
    refuses("R0902", "it knows CUDA 11.4, and CUDA 11.8 is needed");

    fake.machine(12040, 0, 90, 1 << 30);
    refuses("R0906", "CUDA_ERROR_NO_DEVICE");

    fake.machine(12040, 2, 90, 1 << 30);
    assertThatThrownBy(() -> CudaDevice.open(2, Optional.empty(), fake.environment()))
        .hasMessage("there is no GPU 2: there are 2, counted from 0");

    fake.machine(12040, 1, 75, 1 << 30);
    refuses("R0904", "Fake GPU 0 has compute capability 7.5");
  }

  @Test
  void whatTheDriverSaysOfKernelsIsShown() {
    var broken =
        new DeviceProgram(
            List.of(new DeviceProgram.Module(80, "// no PTX")), compiled.program().entries());
    assertThatThrownBy(() -> cuda(broken))
        .isInstanceOfSatisfying(DeviceException.class, e -> assertThat(e.code()).isEqualTo("R0907"))
        .hasMessageContaining("CUDA_ERROR_INVALID_PTX")
        .hasMessageContaining("line 1; error: no version");
    assertThat(fake.leaks()).isEmpty();
  }
}
