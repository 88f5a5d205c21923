package modelc.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import modelc.compiler.Compiler;
import modelc.compiler.EmulatedDevice;
import modelc.examples.AgreementTest.Network;
import modelc.examples.MutantTrial.Effect;
import modelc.ir.tensor.Program;
import modelc.ptx.Dim3;
import modelc.ptx.EmulatorOptions;
import modelc.ptx.LaunchReport;
import modelc.ptx.PtxKernel;
import modelc.runtime.Call;
import modelc.runtime.DeviceProgram;
import modelc.runtime.Model;
import modelc.runtime.Session;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Would the emulator notice? Every kernel of the examples' training steps is run with every mistake
 * of {@link PtxMutants}, by {@link MutantTrial}. What became of them is written to
 * target/mutants.txt, with the survivors one by one.
 */
@Tag("mutants")
class MutantsTest {
  /** The share of mutants that has to be caught, of those whose value is ever another. */
  private static final double CAUGHT = 0.95;

  /** The last row is in each part of a tile that a thread has a row of, or the last of a part. */
  private static final List<Integer> WHOLE_BATCHES =
      List.of(3, 5, 9, 13, 16, 17, 21, 25, 29, 32, 33, 37, 41, 45, 48, 53, 67);

  /** Networks that are fast enough for those; of others pixels are the rows of tiles. */
  private static final List<String> SMALL = List.of("softmax_regression", "mlp");

  /**
   * Sums over the batch need more terms than two tiles have before all stages of a tile are used.
   */
  private static final List<String> MIDDLE = List.of("lenet", "autoencoder");

  private static final List<Integer> MIDDLE_BATCHES = List.of(3, 9, 21, 37, 67);

  /** Networks of large pictures. */
  private static final List<String> LARGE = List.of("unet", "unet_vgg", "mobilenetv2");

  /** The kernels tried so far, by their skeleton: networks share many. */
  private static final Map<String, MutantTrial> TRIALS = new LinkedHashMap<>();

  /** Of which kernels mutants are run: a regular expression. */
  private static final String KERNELS = System.getProperty("mutants.kernels", ".*");

  private static final StringBuilder NETWORKS = new StringBuilder();

  static Stream<Network> networks() {
    String only = System.getProperty("mutants.networks", "");
    return AgreementTest.allNetworks()
        .filter(n -> only.isEmpty() || List.of(only.split(",")).contains(n.name()))
        .map(n -> n.withBatch(batches(n).getLast()));
  }

  private static List<Integer> batches(Network n) {
    if (SMALL.contains(n.name())) {
      return WHOLE_BATCHES;
    }
    if (MIDDLE.contains(n.name())) {
      return MIDDLE_BATCHES;
    }
    return List.of(LARGE.contains(n.name()) ? 2 : 3);
  }

  @ParameterizedTest
  @MethodSource("networks")
  void areRun(Network network) throws IOException {
    var device = new MutatingDevice();
    int known = TRIALS.size();
    long begin = System.nanoTime();
    try (var reference = new Reference(network.name())) {
      Program program = AgreementTest.program(reference, network, "sgd");
      var entries = List.of(program.entry("init"), program.entry("train"));
      try (Model gpu = new Compiler().on(device, new Program(program.model(), entries));
          Session session = gpu.open(1)) {
        AgreementTest.prepare(reference, session);
        Call train = session.call("train");
        // The first step gives the optimizer's state numbers other than 0.
        AgreementTest.step(reference, network, train.size("batch", 1), 0, 9);
        device.trying = true;
        for (int batch : batches(network)) {
          TRIALS.values().forEach(MutantTrial::again);
          AgreementTest.step(reference, network, train.size("batch", batch), 1, 9);
        }
      }
    }
    List<MutantTrial> own = List.copyOf(TRIALS.values()).subList(known, TRIALS.size());
    NETWORKS.append(
        "%s: %d launches, of %d structures, %d of them new: %d mutants, %d caught, %d s%n"
            .formatted(
                network.name(),
                device.launches,
                device.structures.size(),
                own.size(),
                own.stream().mapToInt(MutantTrial::mutants).sum(),
                own.stream().mapToInt(t -> t.mutants() - t.survivors().size()).sum(),
                (System.nanoTime() - begin) / 1_000_000_000));
    write();
  }

  /** Writes what is known so far. */
  private static int[] write() throws IOException {
    var counts = new TreeMap<String, Integer>();
    TRIALS
        .values()
        .forEach(t -> t.caught().forEach((what, n) -> counts.merge(what, n, Integer::sum)));
    int caught = counts.values().stream().mapToInt(n -> n).sum();
    int all = TRIALS.values().stream().mapToInt(MutantTrial::mutants).sum();
    int same = 0;
    var left = new StringBuilder();
    for (MutantTrial t : TRIALS.values()) {
      for (PtxMutants.Mutant m : t.survivors()) {
        Effect effect = t.effect(m);
        same += effect == Effect.NEVER ? 1 : 0;
        counts.merge(m.kind() + " survived: " + effect.text, 1, Integer::sum);
        left.append(effect.text).append(": ").append(m).append('\n');
      }
    }
    var text = new StringBuilder(NETWORKS);
    text.append(
        "%d of %d mutants of %d kernels caught, %.1f %%; without the %d that never are another value %.1f %%%n"
            .formatted(
                caught,
                all,
                TRIALS.size(),
                100.0 * caught / all,
                same,
                100.0 * caught / (all - same)));
    counts.forEach((what, n) -> text.append("%6d %s%n".formatted(n, what)));
    Files.createDirectories(Path.of("target"));
    Files.writeString(Path.of("target/mutants.txt"), text.append(left));
    return new int[] {caught, all - same};
  }

  @AfterAll
  static void areCaught() throws IOException {
    int[] result = write();
    assertThat(result[0]).isGreaterThanOrEqualTo((int) Math.ceil(CAUGHT * result[1]));
  }

  /** Runs the mutants of a kernel beside the kernel itself, when told to. */
  private static final class MutatingDevice extends EmulatedDevice {
    boolean trying;
    int launches;
    final Set<String> structures = new HashSet<>();
    private PtxMutants text = new PtxMutants("");

    MutatingDevice() {
      super(EmulatorOptions.DEFAULT.withRaces(false));
    }

    @Override
    public void load(DeviceProgram program) {
      super.load(program);
      text = new PtxMutants(program.moduleFor(90).orElseThrow().ptx());
    }

    @Override
    protected LaunchReport run(PtxKernel kernel, Dim3 grid, Dim3 block, Object... operands) {
      if (trying && kernel.name().matches(KERNELS)) {
        launches++;
        String structure = text.structure(kernel.name());
        structures.add(structure);
        MutantTrial t =
            TRIALS.computeIfAbsent(text.skeleton(kernel.name()), _ -> new MutantTrial(structure));
        if (t.structure().equals(structure)) {
          t.run(text, kernel, grid, block, operands);
        }
      }
      return super.run(kernel, grid, block, operands);
    }
  }
}
