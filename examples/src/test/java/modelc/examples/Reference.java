package modelc.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32;
import modelc.runtime.ElementType;
import modelc.runtime.Safetensors;
import modelc.runtime.Tensor;

/**
 * PyTorch's numbers for one network, and the formula its parameters and batches come from
 * (examples/reference/reference.py).
 */
final class Reference implements AutoCloseable {
  /** The examples folder, whether a test runs in it or above it. */
  static final Path FOLDER =
      Files.isDirectory(Path.of("reference")) ? Path.of("") : Path.of("examples");

  /** Where the sequence of a column starts in step 0. */
  private static final Map<String, Integer> SEEDS =
      Map.of("image", 1000, "label", 2000, "box", 3000, "mask", 4000);

  /** No agreement is asked for below this share of a tensor's largest magnitude. */
  private static final double FLOOR = 1e-6;

  /** How much farther than PyTorch's own float32 run we may be. */
  private static final double FACTOR = 4;

  private final Safetensors file;
  private final Arena arena = Arena.ofConfined();
  private final List<String> failures = new ArrayList<>();
  private final double factor;
  private int compared;

  Reference(String network) {
    this(network, FACTOR);
  }

  /** As above, but we may be {@code factor} times as far as PyTorch's own float32 run. */
  Reference(String network, double factor) {
    this.factor = factor;
    file = Safetensors.open(FOLDER.resolve("reference").resolve(network + ".safetensors"));
  }

  /** Compares a whole tensor of ours with what was kept of PyTorch's. */
  void compare(String key, double[] ours) {
    Safetensors.Entry entry =
        file.entry(key).orElseThrow(() -> new AssertionError("no reference for " + key));
    MemorySegment exact = file.read(entry, arena).data();
    int kept = Math.toIntExact(entry.bytes() / 8);
    String[] facts = file.metadata().get(key).split(" ");
    int size = Integer.parseInt(facts[0]);
    double torchError = Double.parseDouble(facts[1]);
    double magnitude = Double.parseDouble(facts[2]);
    assertThat(ours.length).as("elements of " + key).isEqualTo(size);
    double[] part = size > kept ? uniform(kept, size % 65536) : new double[kept];
    double error = 0;
    for (int i = 0; i < kept; i++) {
      int at = size > kept ? (int) Math.floor((i + part[i] + 0.5) * size / kept) : i;
      double e = Math.abs(ours[at] - exact.getAtIndex(ValueLayout.JAVA_DOUBLE, i));
      error = e <= error ? error : e;
    }
    compared++;
    double allowed = Math.max(factor * torchError, FLOOR * magnitude);
    if (!(error <= allowed)) {
      failures.add(
          "%s: %.3g from float64, PyTorch %.3g, allowed %.3g, magnitude %.3g"
              .formatted(key, error, torchError, allowed, magnitude));
    }
  }

  /** Everything that was kept has been compared, and agreed. */
  void verifyAll() {
    assertThat(compared).as("tensors compared").isEqualTo(file.entries().size());
    verify();
  }

  /** What was compared agreed. */
  void verify() {
    assertThat(compared).isPositive();
    assertThat(failures).as(compared + " tensors compared").isEmpty();
  }

  /** {@code count} numbers in [-0.5, 0.5), exactly as the script makes them. */
  static double[] uniform(int count, long seed) {
    double[] out = new double[count];
    for (int i = 0; i < count; i++) {
      out[i] = uniformAt(i, seed);
    }
    return out;
  }

  /** Number {@code i} of these. */
  private static double uniformAt(int i, long seed) {
    long x = ((i + 1) * 2654435761L + seed * 40503L) & 0xFFFFFFFFL;
    x = ((x ^ (x >>> 15)) * 2246822519L) & 0xFFFFFFFFL;
    x = ((x ^ (x >>> 13)) * 3266489917L) & 0xFFFFFFFFL;
    x ^= x >>> 16;
    return x / 4294967296.0 - 0.5;
  }

  /** Gives every parameter and running statistic its value by the formula. */
  void fill(Map<String, Tensor> variables) {
    String faint = file.metadata().getOrDefault("faint", "");
    double gain = Double.parseDouble(file.metadata().getOrDefault("gain", "2"));
    variables.forEach(
        (name, t) -> {
          var crc = new CRC32();
          crc.update(name.getBytes(StandardCharsets.UTF_8));
          int count = Math.toIntExact(t.elements());
          boolean vector = t.shape().size() <= 1;
          double root = vector ? 1 : Math.sqrt((double) count / t.shape().getFirst());
          long seed = crc.getValue() % 65536;
          boolean aroundOne = name.endsWith("scale") || name.endsWith("var");
          for (int i = 0; i < count; i++) {
            double v = uniformAt(i, seed) * (vector ? 1 : gain) / root;
            v = aroundOne ? 1 + v / 2 : v;
            v = !faint.isEmpty() && name.endsWith(faint) ? v / 10 : v;
            t.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) v);
          }
        });
  }

  /** Fills a column for step number {@code step}, from 0; one of integers with classes. */
  void column(String name, Tensor column, int step, int classes) {
    int seed = Objects.requireNonNull(SEEDS.get(name)) + Integer.parseInt(setting("seed")) + step;
    double[] values = uniform(Math.toIntExact(column.elements()), seed);
    boolean labels = column.type() == ElementType.I32;
    for (int i = 0; i < values.length; i++) {
      double v = values[i] + 0.5;
      if (labels) {
        column.data().setAtIndex(ValueLayout.JAVA_INT, i, (int) Math.floor(v * classes));
      } else {
        column.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) v);
      }
    }
  }

  /** What else the numbers depend on: the first batch's seed and the rate. */
  String setting(String key) {
    return Objects.requireNonNull(file.metadata().get(key), key);
  }

  /** How many steps PyTorch made with an optimizer; 0 if it made none. */
  int steps(String optimizer) {
    return file.entry(optimizer).map(e -> Math.toIntExact(e.bytes() / 8)).orElse(0);
  }

  static double[] doubles(Tensor t) {
    assertThat(t.type()).isEqualTo(ElementType.F32);
    double[] out = new double[Math.toIntExact(t.elements())];
    for (int i = 0; i < out.length; i++) {
      out[i] = t.data().getAtIndex(ValueLayout.JAVA_FLOAT, i);
    }
    return out;
  }

  @Override
  public void close() {
    arena.close();
    file.close();
  }
}
