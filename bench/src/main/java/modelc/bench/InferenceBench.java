package modelc.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import modelc.compiler.Compiler;
import modelc.ir.tensor.Program;
import modelc.runtime.Call;
import modelc.runtime.Model;
import modelc.runtime.Session;

/**
 * Inference of ResNet-18 at 224x224, ours, PyTorch's and ONNX Runtime's, interleaved in one run:
 * medians and ratios. That all compute the same is the business of the agreement tests.
 *
 * <p>Arguments: the python to use (with torch, onnx and onnxruntime installed), then the threads
 * (default 1 and 2).
 */
public final class InferenceBench {
  private static final int ROUNDS = 15;
  private static final double ROUND_MILLIS = 300;
  private static final List<String> MODES = List.of("eager", "channels_last", "onnx");

  private InferenceBench() {}

  public static void main(String[] args) throws IOException {
    Path python = Path.of(args.length > 0 ? args[0] : "python3");
    List<String> threads =
        args.length > 1 ? Arrays.asList(args).subList(1, args.length) : List.of("1", "2");
    System.out.printf(
        Locale.ROOT,
        "%5s %7s %9s %9s  %s%n",
        "batch",
        "threads",
        "ours ms",
        "best ms",
        "peers: median ms, how many times ours");
    for (int batch : new int[] {1, 32}) {
      for (String t : threads) {
        compare(python, batch, Integer.parseInt(t));
      }
    }
  }

  private static void compare(Path python, int batch, int threads) throws IOException {
    Path script = Path.of("bench", "peers", "infer.py");
    Program all = Steps.resnet18(batch);
    var program = new Program(all.model(), List.of(all.entry("init"), all.entry("infer")));
    var peers = new ArrayList<Peer>();
    try (Model model = new Compiler().compile(program).load();
        Session session = model.open(threads)) {
      for (String mode : MODES) {
        peers.add(Peer.start(python, script, "resnet18", batch, threads, "passive", mode));
      }
      Call call = Steps.inference(session, batch);
      Steps.time(call, 3);
      int count = (int) Math.max(1, ROUND_MILLIS / Steps.time(call, 3));
      double[] ours = new double[ROUNDS];
      double[][] theirs = new double[peers.size()][ROUNDS];
      for (int r = 0; r < ROUNDS; r++) {
        ours[r] = Steps.time(call, count);
        for (int p = 0; p < theirs.length; p++) {
          theirs[p][r] = peers.get(p).time(count);
        }
      }
      report(batch, threads, ours, theirs);
    } finally {
      peers.forEach(Peer::close);
    }
  }

  private static void report(int batch, int threads, double[] ours, double[][] theirs) {
    var text = new StringBuilder();
    double best = Double.POSITIVE_INFINITY;
    for (int p = 0; p < theirs.length; p++) {
      double[] ratios = new double[ROUNDS];
      for (int r = 0; r < ROUNDS; r++) {
        ratios[r] = theirs[p][r] / ours[r];
      }
      best = Math.min(best, Steps.median(theirs[p]));
      text.append(
          String.format(
              Locale.ROOT,
              "%s %.1f, %.2f  ",
              MODES.get(p),
              Steps.median(theirs[p]),
              Steps.median(ratios)));
    }
    System.out.printf(
        Locale.ROOT, "%5d %7d %9.2f %9.2f  %s%n", batch, threads, Steps.median(ours), best, text);
  }
}
