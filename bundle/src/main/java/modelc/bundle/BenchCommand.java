package modelc.bundle;

import static java.util.Objects.requireNonNull;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import modelc.runtime.ArgumentSpec;
import modelc.runtime.Artifact;
import modelc.runtime.Call;
import modelc.runtime.ElementType;
import modelc.runtime.EntrySpec;
import modelc.runtime.Kind;
import modelc.runtime.Model;
import modelc.runtime.Session;
import modelc.runtime.Tensor;
import modelc.runtime.cuda.CudaDevice;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code NAME bench}: whether a device computes what the CPU does, and then how fast. Inputs are
 * made up. One JSON object on standard output.
 */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = {
      "Compares a device with the CPU over some training steps, then times steps and inference.",
      "Prints one JSON object; ends with 1 if the numbers differ."
    })
final class BenchCommand implements Callable<Integer> {
  /** Steps that are compared: later ones drift apart by rounding alone. */
  private static final int COMPARED = 3;

  /** Where all of a tensor is less, of what is largest anywhere, roundings are left. */
  private static final double CANCELLED = 1e-2;

  /** Losses that went wrong are printed as they are. */
  private static final Gson JSON = new GsonBuilder().serializeSpecialFloatingPointValues().create();

  private final Bundled bundled;

  @Mixin RunOptions run;

  @Option(names = "--seconds", paramLabel = "S", description = "To time each for (default: 5).")
  double seconds = 5;

  @Option(
      names = "--tolerance",
      paramLabel = "T",
      description = "How far apart may be what is compared, of a tensor's largest (default: 1e-3).")
  double tolerance = 1e-3;

  BenchCommand(Bundled bundled) {
    this.bundled = bundled;
  }

  @Override
  public Integer call() {
    Artifact artifact = bundled.artifact();
    Optional<CudaDevice> device = Bundled.device(run.device);
    var result = new LinkedHashMap<String, Object>();
    result.put("model", bundled.name());
    result.put("device", device.map(CudaDevice::name).orElse("cpu"));
    result.put("batch", artifact.spec().maxBatch());
    device.ifPresent(d -> d.measureTimes(true));
    boolean right = true;
    try (Model timed = device.map(artifact::load).orElseGet(artifact::load);
        Session session = timed.open(run.threads())) {
      session.init(1);
      if (device.isPresent()) {
        try (Model cpu = artifact.load();
            Session expected = cpu.open(run.threads())) {
          expected.init(1);
          right = compare(expected, session, result);
        }
      }
      for (String entry : new String[] {"train", "infer"}) {
        if (timed.spec().entry(entry).isPresent()) {
          try (Call call = call(session, entry)) {
            time(call, entry, device, result);
          }
        }
      }
    }
    System.out.println(JSON.toJson(result));
    return right ? 0 : 1;
  }

  /** A call with made-up inputs, the same for every session. */
  private static Call call(Session session, String entry) {
    Call call = session.call(entry);
    EntrySpec spec = call.spec();
    var random = new SplittableRandom(7);
    for (ArgumentSpec a : spec.arguments(Kind.INPUT)) {
      Tensor t = call.input(a.name());
      for (long i = 0; i < t.elements(); i++) {
        switch (a.type()) {
          case F32 -> t.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextDouble());
          case F64 -> t.data().setAtIndex(ValueLayout.JAVA_DOUBLE, i, random.nextDouble());
          case I32 -> t.data().setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt(2));
          case I64 -> t.data().setAtIndex(ValueLayout.JAVA_LONG, i, random.nextInt(2));
          case BOOL -> t.data().setAtIndex(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt(2));
        }
      }
    }
    return call.seed(1).scalar("step", 1).scalar("steps", 1000).scalar("epoch", 1);
  }

  /** Makes the same steps on both, and compares losses and all that they keep. */
  private boolean compare(Session expected, Session actual, Map<String, Object> result) {
    double worst = difference(expected, actual);
    result.put("init_difference", worst);
    if (expected.model().spec().entry("train").isPresent()) {
      try (Call there = call(actual, "train");
          Call here = call(expected, "train")) {
        var losses = new ArrayList<List<Float>>();
        for (int step = 1; step <= COMPARED; step++) {
          here.scalar("step", step).run();
          there.scalar("step", step).run();
          losses.add(List.of(loss(here), loss(there)));
        }
        result.put("losses_cpu_device", losses);
      }
      double trained = difference(expected, actual);
      result.put("train_difference", trained);
      worst = Math.max(worst, trained);
    }
    boolean right = worst <= tolerance;
    result.put("right", right);
    return right;
  }

  private static float loss(Call call) {
    return call.value(call.spec().results(Kind.LOSS).getFirst().name());
  }

  /** The largest difference of what two sessions keep; NaN counts as infinite. */
  private static double difference(Session expected, Session actual) {
    Map<String, Tensor> others = actual.variables(_ -> true);
    var kept = new LinkedHashMap<>(expected.variables(_ -> true));
    kept.values().removeIf(t -> t.type() != ElementType.F32);
    double most = kept.values().stream().mapToDouble(BenchCommand::largest).max().orElse(0);
    double worst = 0;
    for (Map.Entry<String, Tensor> e : kept.entrySet()) {
      Tensor a = e.getValue();
      Tensor b = requireNonNull(others.get(e.getKey()), e.getKey());
      double apart = 0;
      for (long i = 0; i < a.elements(); i++) {
        double d = Math.abs(a.number(i) - b.number(i));
        apart = Math.max(apart, Double.isNaN(d) ? Double.POSITIVE_INFINITY : d);
      }
      if (apart > 0) {
        worst = Math.max(worst, apart / Math.max(largest(a), CANCELLED * most));
      }
    }
    return worst;
  }

  private static double largest(Tensor t) {
    double largest = 0;
    for (long i = 0; i < t.elements(); i++) {
      largest = Math.max(largest, Math.abs(t.number(i)));
    }
    return largest;
  }

  /** Medians, in milliseconds, of whole calls, and of the GPU alone. */
  private void time(
      Call call, String entry, Optional<CudaDevice> device, Map<String, Object> result) {
    for (int i = 0; i < 3; i++) {
      call.run();
    }
    var wall = new double[1 << 16];
    var gpu = new double[wall.length];
    int n = 0;
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (n < wall.length && (n < 3 || System.nanoTime() < end)) {
      long start = System.nanoTime();
      call.run();
      wall[n] = (System.nanoTime() - start) * 1e-6;
      gpu[n] = device.map(d -> d.lastMillis().orElse(0)).orElse(0.0);
      n++;
    }
    result.put(entry + "_ms", median(wall, n));
    result.put(entry + "_runs", n);
    if (device.isPresent()) {
      result.put(entry + "_gpu_ms", median(gpu, n));
    }
  }

  private static double median(double[] values, int n) {
    double[] sorted = Arrays.copyOf(values, n);
    Arrays.sort(sorted);
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
  }
}
