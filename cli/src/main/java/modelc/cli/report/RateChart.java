package modelc.cli.report;

import java.util.List;
import java.util.stream.LongStream;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Tensor;

/** The learning rate over the steps of a run: as made so far, and as planned to the end. */
final class RateChart {
  private static final int POINTS = 200;

  private RateChart() {}

  /** Nothing for an optimizer without a rate, or a rate that more than the steps decides. */
  static String figure(Facts facts, long done) {
    if (facts.recipe().rate().isEmpty() || facts.steps() < 1) {
      return "";
    }
    Entry rate = facts.recipe().rate().get();
    long steps = facts.steps();
    double[] x =
        LongStream.rangeClosed(0, Math.min(POINTS, steps) - 1)
            .mapToDouble(i -> 1 + Math.floor((double) i * steps / Math.min(POINTS, steps)))
            .toArray();
    if (x[x.length - 1] != steps) {
      x[x.length - 1] = steps;
    }
    double[] planned = new double[x.length];
    double[] made = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      planned[i] = at(rate, (long) x[i], facts);
      made[i] = x[i] <= done ? planned[i] : Double.NaN;
    }
    var plan = new LineChart.Curve("planned", "plan", x, planned);
    var past = new LineChart.Curve("made", "a", x, made);
    return LineChart.figure(
        "learning rate", "step", "rate", done < steps ? List.of(plan, past) : List.of(past));
  }

  private static double at(Entry rate, long step, Facts facts) {
    List<Tensor> arguments =
        rate.arguments().stream()
            .map(
                a ->
                    Tensor.scalar(
                        a.value().type().dtype(),
                        switch (a.name()) {
                          case "step" -> step;
                          case "steps" -> facts.steps();
                          default -> 1 + (step - 1) / facts.batches(); // epoch
                        }))
            .toList();
    return Interpreter.run(rate.function(), arguments).getFirst().scalar();
  }
}
