package modelc.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import modelc.compiler.TimedModel;
import modelc.ir.tensor.Program;
import modelc.runtime.Call;
import modelc.runtime.Session;

/**
 * How long each kernel of a training step takes, or of ResNet-18's inference, the slowest first. A
 * barrier at every launch makes the whole somewhat slower than it is: {@link StepBench} and {@link
 * InferenceBench} measure that.
 *
 * <p>Arguments: the network (or resnet18), the batch (default 64), the threads (default 2).
 */
public final class KernelBench {
  private static final double SECONDS = 3;

  private KernelBench() {}

  private record Sum(int launches, double millis, double bytes) {
    Sum plus(double more, double moreBytes) {
      return new Sum(launches + 1, millis + more, bytes + moreBytes);
    }
  }

  public static void main(String[] args) throws IOException {
    int batch = args.length > 1 ? Integer.parseInt(args[1]) : 64;
    int threads = args.length > 2 ? Integer.parseInt(args[2]) : 2;
    boolean infers = args[0].equals("resnet18");
    String entry = infers ? "infer" : "train";
    Program all = infers ? Steps.resnet18(batch) : Steps.program(args[0], batch);
    try (TimedModel timed = TimedModel.compile(all);
        Session session = timed.model().open(threads)) {
      Call step = infers ? Steps.inference(session, batch) : Steps.prepare(session);
      step.run();
      step.run();
      timed.reset(entry);
      long start = System.nanoTime();
      int runs = 0;
      while (System.nanoTime() - start < SECONDS * 1e9) {
        step.run();
        runs++;
      }
      report(timed.launches(entry), (System.nanoTime() - start) / 1e6 / runs);
    }
  }

  private static void report(List<TimedModel.Launch> launches, double millis) {
    double cycles = launches.stream().mapToDouble(l -> (double) l.cycles()).sum();
    var sums = new LinkedHashMap<String, Sum>();
    for (TimedModel.Launch l : launches) {
      double ms = l.cycles() / cycles * millis;
      double bytes = l.bytes();
      sums.merge(l.kernel(), new Sum(1, ms, bytes), (s, _) -> s.plus(ms, bytes));
    }
    var order = new ArrayList<>(sums.entrySet());
    order.sort(Comparator.comparingDouble(e -> -e.getValue().millis()));
    System.out.printf(Locale.ROOT, "%9s %6s %5s %7s  %s%n", "ms", "%", "times", "GB/s", "kernel");
    for (var e : order) {
      Sum s = e.getValue();
      System.out.printf(
          Locale.ROOT,
          "%9.3f %6.2f %5d %7.1f  %s%n",
          s.millis(),
          100 * s.millis() / millis,
          s.launches(),
          s.bytes() / s.millis() / 1e6,
          e.getKey());
    }
    System.out.printf(Locale.ROOT, "%9.3f ms a call, %d launches%n", millis, launches.size());
  }
}
