package modelc.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import modelc.compiler.Compiler;
import modelc.runtime.Call;
import modelc.runtime.Model;
import modelc.runtime.Session;

/**
 * Training steps of ours and of PyTorch's, interleaved in one run: medians and ratios, PyTorch at
 * its best thread setting. That both compute the same is the business of the agreement tests.
 *
 * <p>Arguments: the python to use (with torch installed), then networks (default: mlp lenet).
 */
public final class StepBench {
  private static final int BATCH = 64;
  private static final int ROUNDS = 15;
  private static final double ROUND_MILLIS = 150;

  private StepBench() {}

  public static void main(String[] args) throws IOException {
    Path python = Path.of(args.length > 0 ? args[0] : "python3");
    List<String> networks =
        args.length > 1 ? Arrays.asList(args).subList(1, args.length) : List.of("mlp", "lenet");
    int cores = Runtime.getRuntime().availableProcessors();
    System.out.printf(
        Locale.ROOT,
        "%-12s %7s %10s %10s %6s  %s%n",
        "network",
        "threads",
        "ours ms",
        "torch ms",
        "ratio",
        "torch's settings (median ms)");
    for (String network : networks) {
      for (int threads = 1; threads <= Math.min(2, cores); threads++) {
        compare(python, network, threads);
      }
    }
  }

  private static void compare(Path python, String network, int threads) throws IOException {
    Path script = Path.of("bench", "peers", "torch_step.py");
    var peers = new ArrayList<Peer>();
    try (Model model = new Compiler().compile(Steps.program(network, BATCH)).load();
        Session session = model.open(threads)) {
      for (int t = 1; t <= threads; t++) {
        for (String wait : t == 1 ? List.of("passive") : List.of("passive", "active")) {
          peers.add(Peer.start(python, script, network, BATCH, t, wait, "eager"));
          if (network.startsWith("resnet")) {
            peers.add(Peer.start(python, script, network, BATCH, t, wait, "channels_last"));
          }
        }
      }
      Call step = Steps.prepare(session);
      Steps.time(step, steps(Steps.time(step, 3)));
      int count = steps(Steps.time(step, 3));
      double[] ours = new double[ROUNDS];
      double[][] theirs = new double[peers.size()][ROUNDS];
      int[] counts = new int[peers.size()];
      for (int p = 0; p < counts.length; p++) {
        counts[p] = steps(peers.get(p).time(3));
      }
      for (int r = 0; r < ROUNDS; r++) {
        ours[r] = Steps.time(step, count);
        for (int p = 0; p < counts.length; p++) {
          theirs[p][r] = peers.get(p).time(counts[p]);
        }
      }
      report(network, threads, ours, peers, theirs);
    } finally {
      peers.forEach(Peer::close);
    }
  }

  private static void report(
      String network, int threads, double[] ours, List<Peer> peers, double[][] theirs) {
    var settings = new StringBuilder();
    int best = 0;
    for (int p = 0; p < theirs.length; p++) {
      settings.append(
          String.format(Locale.ROOT, "%s %.3f  ", peers.get(p).name(), Steps.median(theirs[p])));
      best = Steps.median(theirs[p]) < Steps.median(theirs[best]) ? p : best;
    }
    double[] ratios = new double[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
      ratios[r] = theirs[best][r] / ours[r];
    }
    System.out.printf(
        Locale.ROOT,
        "%-12s %7d %10.3f %10.3f %6.2f  %s%n",
        network,
        threads,
        Steps.median(ours),
        Steps.median(theirs[best]),
        Steps.median(ratios),
        settings.toString().strip());
  }

  private static int steps(double millis) {
    return (int) Math.max(3, ROUND_MILLIS / millis);
  }
}
