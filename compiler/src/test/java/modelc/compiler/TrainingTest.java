package modelc.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntToDoubleFunction;
import modelc.ir.DType;
import modelc.ir.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whole training steps of recipes, through the interpreter, against the same arithmetic written
 * here in plain doubles: optimizers, schedules, clipping, regularization, the finite check, states,
 * metrics.
 */
class TrainingTest {
  private static final double CLOSE = 1e-12;

  /** y = w x + b on two features, trained on the mean squared error. */
  private static Steps line(String loss, String optimizer, String more) {
    return new Steps(
        """
        optimizer heavy_ball(lr: f32[] = 0.01, momentum: float = 0.9)  w, grad {
            state v = zeros()
            v <- momentum * v - lr * grad
            w <- w + v
        }

        model Line {
            input x: f32[2]
            output y = x -> fc: dense(1)
        }

        train Line {
            data      = points()
            loss      = %s
            optimizer = %s
            batch     = 4
            %s
        }
        """
            .formatted(loss, optimizer, more));
  }

  private static Steps line(String optimizer) {
    return line("mse(y, target)", optimizer, "");
  }

  /** The gradient of mean((w x + b - t)^2) with respect to w[0], w[1] and b. */
  private static double[] gradient(double[] p, Map<String, Tensor> batch) {
    double[] x = batch.get("x").data();
    double[] t = batch.get("target").data();
    double[] g = new double[3];
    for (int i = 0; i < t.length; i++) {
      double r = p[0] * x[2 * i] + p[1] * x[2 * i + 1] + p[2] - t[i];
      g[0] += 2 * r * x[2 * i] / t.length;
      g[1] += 2 * r * x[2 * i + 1] / t.length;
      g[2] += 2 * r / t.length;
    }
    return g;
  }

  /** w[0], w[1] and b. */
  private static double[] parameters(Steps steps) {
    double[] w = steps.values("fc.w");
    return new double[] {w[0], w[1], steps.values("fc.b")[0]};
  }

  /** How one number moves, its state kept between steps. */
  private interface Update {
    double next(double w, double g, double[] state, int step);
  }

  private static void moves(String optimizer, Update update) {
    Steps steps = line(optimizer);
    double[] p = parameters(steps);
    double[][] state = new double[3][2];
    for (int step = 1; step <= 6; step++) {
      Map<String, Tensor> batch = Steps.batch(step);
      double[] g = gradient(p, batch);
      for (int i = 0; i < 3; i++) {
        p[i] = update.next(p[i], g[i], state[i], step);
      }
      Map<String, Tensor> results = steps.train(batch);
      assertThat(results.get("finite").scalar()).isEqualTo(1);
      assertThat(parameters(steps))
          .as("%s, step %d", optimizer, step)
          .containsExactly(p, within(CLOSE));
    }
  }

  @Test
  void sgdMovesAgainstTheGradient() {
    moves("sgd(lr = 0.1)", (w, g, _, _) -> w - 0.1 * g);
    moves("sgd(lr = 0.1, weight_decay = 0.01)", (w, g, _, _) -> w - 0.1 * (g + 0.01 * w));
  }

  @Test
  void momentumKeepsAVelocity() {
    moves(
        "sgd(lr = 0.1, momentum = 0.9)",
        (w, g, s, _) -> {
          s[0] = 0.9 * s[0] + g;
          return w - 0.1 * s[0];
        });
    moves(
        "sgd(lr = 0.1, momentum = 0.8, nesterov = true, weight_decay = 0.05)",
        (w, g, s, _) -> {
          double decayed = g + 0.05 * w;
          s[0] = 0.8 * s[0] + decayed;
          return w - 0.1 * (decayed + 0.8 * s[0]);
        });
  }

  @Test
  void adamCorrectsItsMoments() {
    Update adam =
        (w, g, s, t) -> {
          s[0] = 0.9 * s[0] + (1 - 0.9) * g;
          s[1] = 0.999 * s[1] + (1 - 0.999) * g * g;
          double mean = s[0] / (1 - Math.pow(0.9, t));
          double square = s[1] / (1 - Math.pow(0.999, t));
          return w - 0.01 * mean / (Math.sqrt(square) + 1e-8);
        };
    moves("adam(lr = 0.01)", adam);
    moves("adam(lr = 0.01, weight_decay = 0.1)", (w, g, s, t) -> adam.next(w, g + 0.1 * w, s, t));
    // Loshchilov and Hutter: the decay does not pass through the moments.
    moves(
        "adamw(lr = 0.01, weight_decay = 0.1)",
        (w, g, s, t) -> adam.next(w, g, s, t) - 0.01 * 0.1 * w);
    moves(
        "adam(lr = 0.01, beta1 = 0.5, beta2 = 0.75, eps = 0.1)",
        (w, g, s, t) -> {
          s[0] = 0.5 * s[0] + 0.5 * g;
          s[1] = 0.75 * s[1] + 0.25 * g * g;
          double mean = s[0] / (1 - Math.pow(0.5, t));
          return w - 0.01 * mean / (Math.sqrt(s[1] / (1 - Math.pow(0.75, t))) + 0.1);
        });
  }

  @Test
  void anOptimizerOfTheFileIsAsGood() {
    moves(
        "heavy_ball(lr = 0.1, momentum = 0.5)",
        (w, g, s, _) -> {
          s[0] = 0.5 * s[0] - 0.1 * g;
          return w + s[0];
        });
  }

  @Test
  void optimizerStatesAreNamedAfterTheirParameter() {
    assertThat(line("adam()").variables.keySet())
        .containsExactlyInAnyOrder("fc.w", "fc.b", "fc.w.m", "fc.w.v", "fc.b.m", "fc.b.v");
    assertThat(line("sgd()").variables.keySet()).containsExactlyInAnyOrder("fc.w", "fc.b");
  }

  /** The rate a schedule gives, read off a step of plain descent. */
  private static double rate(String schedule, long step, long steps, long epoch) {
    Steps s = line("sgd(lr = " + schedule + ")");
    s.step = step;
    s.steps = steps;
    s.epoch = epoch;
    double[] before = parameters(s);
    Map<String, Tensor> batch = Steps.batch(7);
    double g = gradient(before, batch)[2];
    s.train(batch);
    return (before[2] - parameters(s)[2]) / g;
  }

  private static void follows(String schedule, IntToDoubleFunction formula) {
    for (int step : new int[] {1, 2, 3, 5, 8, 20}) {
      assertThat(rate(schedule, step, 20, 1 + step / 4))
          .as("%s at step %d", schedule, step)
          .isCloseTo(formula.applyAsDouble(step), within(1e-10));
    }
  }

  @Test
  void schedulesFollowStepAndEpoch() {
    follows("0.3", _ -> 0.3);
    follows("cosine(0.2)", s -> 0.2 * (1 + Math.cos(Math.PI * (s - 1) / 20)) / 2);
    follows(
        "cosine(0.2, floor = 0.05)", s -> 0.05 + 0.15 * (1 + Math.cos(Math.PI * (s - 1) / 20)) / 2);
    follows("step_decay(0.2, every = 3)", s -> 0.2 * Math.pow(0.1, (s - 1) / 3));
    follows("exponential(0.2, factor = 0.5)", s -> 0.2 * Math.pow(0.5, s / 4));
    follows("linear(0.2, end = 0.1)", s -> 0.2 - 0.1 * (s - 1) / 20);
    follows(
        "warmup(5) * cosine(0.2)",
        s -> Math.min(1, s / 5.0) * 0.2 * (1 + Math.cos(Math.PI * (s - 1) / 20)) / 2);
    follows("0.1 * step / steps + 0.01 * epoch", s -> 0.1 * s / 20 + 0.01 * (1 + s / 4));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.05, 0.5, 100})
  void clippingScalesAllGradientsTogether(double limit) {
    Steps steps = line("mse(y, target)", "sgd(lr = 1)", "clip = " + limit);
    double[] p = parameters(steps);
    Map<String, Tensor> batch = Steps.batch(3);
    double[] g = gradient(p, batch);
    double norm = Math.sqrt(g[0] * g[0] + g[1] * g[1] + g[2] * g[2]);
    assertThat(norm).isBetween(0.5, 100.0); // so that some limits bite and one does not
    double factor = Math.min(1, limit / (norm + 1e-6));
    steps.train(batch);
    for (int i = 0; i < 3; i++) {
      assertThat(parameters(steps)[i]).isCloseTo(p[i] - factor * g[i], within(CLOSE));
    }
  }

  @Test
  void weightsAreThoseOfRankTwoAndUp() {
    Steps steps = line("mse(y, target) + 0.1 * l2(weights)", "sgd(lr = 0.5)", "");
    double[] p = {0.25, -0.75, 2};
    steps.variables.put(
        "fc.w", new Tensor(DType.F32, new long[] {1, 2}, new double[] {p[0], p[1]}));
    steps.variables.put("fc.b", Tensor.vector(DType.F32, p[2]));
    Map<String, Tensor> batch = Steps.batch(5);
    double[] g = gradient(p, batch);
    Map<String, Tensor> results = steps.train(batch);
    assertThat(results.get("loss").scalar())
        .isCloseTo(meanSquare(p, batch) + 0.1 * (p[0] * p[0] + p[1] * p[1]), within(CLOSE));
    assertThat(parameters(steps))
        .containsExactly(
            new double[] {
              p[0] - 0.5 * (g[0] + 0.2 * p[0]), p[1] - 0.5 * (g[1] + 0.2 * p[1]), p[2] - 0.5 * g[2]
            },
            within(CLOSE));
  }

  private static double meanSquare(double[] p, Map<String, Tensor> batch) {
    double[] x = batch.get("x").data();
    double[] t = batch.get("target").data();
    double sum = 0;
    for (int i = 0; i < t.length; i++) {
      sum += Math.pow(p[0] * x[2 * i] + p[1] * x[2 * i + 1] + p[2] - t[i], 2);
    }
    return sum / t.length;
  }

  /** Three classes from two features, normalized on the way. */
  private static Steps classes(String optimizer) {
    return new Steps(
        """
        model Classes {
            input x: f32[2]
            output logits = x -> up: dense(3) -> norm: batch_norm() -> tanh -> out: dense(3)
            output other  = x -> unused: dense(1)
        }

        train Classes {
            data      = points()
            loss      = cross_entropy(logits, label)
            metrics   = [accuracy(logits, label), top_k(logits, label, k = 2), mae(other, target),
                         accuracy(logits, label)]
            optimizer = %s
            batch     = 4
        }
        """
            .formatted(optimizer));
  }

  @ParameterizedTest
  @CsvSource({"x, NaN", "x, Infinity", "x, -Infinity"})
  void aStepThatIsNotFiniteChangesNothing(String column, double value) {
    Steps steps = classes("adam(lr = 0.1)");
    steps.train(Steps.batch(1)); // so that no state is 0
    var before = new LinkedHashMap<>(steps.variables);
    Map<String, Tensor> batch = new HashMap<>(Steps.batch(2));
    double[] broken = batch.get(column).data().clone();
    broken[3] = value;
    batch.put(column, new Tensor(DType.F32, batch.get(column).shape(), broken));
    Map<String, Tensor> results = steps.train(batch);
    assertThat(results.get("finite").scalar()).isZero();
    assertThat(results.get("loss").scalar()).isNaN();
    assertThat(steps.variables).isEqualTo(before);
    assertThat(steps.train(Steps.batch(2)).get("finite").scalar()).isEqualTo(1);
    assertThat(steps.variables.get("norm.mu")).isNotEqualTo(before.get("norm.mu"));
  }

  /** The loss overflows, and with it the gradient: the weights stay. */
  @Test
  void aLossThatOverflowsChangesNothing() {
    Steps steps = line("sgd(lr = 0.1)");
    var before = new LinkedHashMap<>(steps.variables);
    Map<String, Tensor> batch = new HashMap<>(Steps.batch(2));
    batch.put("target", Tensor.full(DType.F32, new long[] {Steps.BATCH, 1}, 1e200));
    assertThat(steps.train(batch).get("finite").scalar()).isZero();
    assertThat(steps.variables).isEqualTo(before);
  }

  @Test
  void statesFollowTheBatch() {
    Steps steps = classes("sgd(lr = 0.1)");
    for (int step = 1; step <= 3; step++) {
      Map<String, Tensor> batch = Steps.batch(step);
      double[] mu = steps.values("norm.mu");
      double[] var = steps.values("norm.var");
      double[] h = up(steps, batch);
      steps.train(batch);
      for (int c = 0; c < 3; c++) {
        int channel = c;
        double mean = mean(i -> h[3 * i + channel]);
        double spread = mean(i -> Math.pow(h[3 * i + channel] - mean, 2));
        double unbiased = spread * Steps.BATCH / (Steps.BATCH - 1);
        assertThat(steps.values("norm.mu")[c]).isCloseTo(0.9 * mu[c] + 0.1 * mean, within(CLOSE));
        assertThat(steps.values("norm.var")[c])
            .isCloseTo(0.9 * var[c] + 0.1 * unbiased, within(CLOSE));
      }
    }
  }

  /** The first layer's outputs. */
  private static double[] up(Steps steps, Map<String, Tensor> batch) {
    double[] w = steps.values("up.w");
    double[] b = steps.values("up.b");
    double[] x = batch.get("x").data();
    double[] h = new double[3 * Steps.BATCH];
    for (int i = 0; i < h.length; i++) {
      int row = i / 3;
      int c = i % 3;
      h[i] = w[2 * c] * x[2 * row] + w[2 * c + 1] * x[2 * row + 1] + b[c];
    }
    return h;
  }

  private static double mean(IntToDoubleFunction of) {
    double sum = 0;
    for (int i = 0; i < Steps.BATCH; i++) {
      sum += of.applyAsDouble(i);
    }
    return sum / Steps.BATCH;
  }

  /** In training by the batch's statistics, in evaluation by the running ones. */
  @Test
  void lossAndMetricsAreMeansOverTheBatch() {
    Steps steps = classes("sgd(lr = 0.1)");
    steps.train(Steps.batch(1));
    Map<String, Tensor> batch = Steps.batch(2);
    double[] h = up(steps, batch);
    double[] mu = steps.values("norm.mu");
    double[] var = steps.values("norm.var");
    double[] running = expected(steps, batch, h, mu, var);
    agree(steps.eval(batch), running);
    for (int c = 0; c < 3; c++) {
      int channel = c;
      double m = mean(i -> h[3 * i + channel]);
      mu[c] = m;
      var[c] = mean(i -> Math.pow(h[3 * i + channel] - m, 2));
    }
    double[] ofBatch = expected(steps, batch, h, mu, var);
    assertThat(ofBatch[0]).isNotCloseTo(running[0], within(1e-3));
    agree(steps.train(batch), ofBatch);
  }

  private static void agree(Map<String, Tensor> results, double[] expected) {
    assertThat(results.get("loss").scalar()).isCloseTo(expected[0], within(CLOSE));
    assertThat(results.get("accuracy").scalar()).isEqualTo(expected[1]);
    assertThat(results.get("top_k").scalar()).isEqualTo(expected[2]);
    assertThat(results.get("mae").scalar()).isCloseTo(expected[3], within(CLOSE));
    assertThat(results.get("accuracy_2").scalar()).isEqualTo(expected[1]);
  }

  /** Cross-entropy, accuracy, accuracy of two guesses, mean absolute error. */
  private static double[] expected(
      Steps steps, Map<String, Tensor> batch, double[] h, double[] mu, double[] var) {
    double[] sums = new double[4];
    for (int i = 0; i < Steps.BATCH; i++) {
      double[] hidden = new double[3];
      for (int c = 0; c < 3; c++) {
        double normal = (h[3 * i + c] - mu[c]) / Math.sqrt(var[c] + 1e-5);
        hidden[c] =
            Math.tanh(normal * steps.values("norm.scale")[c] + steps.values("norm.shift")[c]);
      }
      double[] logits = affine(steps.values("out.w"), steps.values("out.b"), hidden);
      int label = (int) batch.get("label").data()[i];
      DoubleUnaryOperator exp = Math::exp;
      sums[0] += Math.log(Arrays.stream(logits).map(exp).sum()) - logits[label];
      long greater = Arrays.stream(logits).filter(l -> l > logits[label]).count();
      sums[1] += greater == 0 ? 1 : 0;
      sums[2] += greater < 2 ? 1 : 0;
      double[] x = {batch.get("x").data()[2 * i], batch.get("x").data()[2 * i + 1]};
      double other = affine(steps.values("unused.w"), steps.values("unused.b"), x)[0];
      sums[3] += Math.abs(other - batch.get("target").data()[i]);
    }
    return Arrays.stream(sums).map(s -> s / Steps.BATCH).toArray();
  }

  private static double[] affine(double[] w, double[] b, double[] x) {
    double[] y = b.clone();
    for (int i = 0; i < y.length; i++) {
      for (int j = 0; j < x.length; j++) {
        y[i] += w[i * x.length + j] * x[j];
      }
    }
    return y;
  }

  /** Each parameter's gradient, as its change at rate 1, against differences of the loss. */
  @Test
  void everyGradientIsTheSlopeOfTheLoss() {
    Steps steps = classes("sgd(lr = 1)");
    Map<String, Tensor> batch = Steps.batch(4);
    var start = new LinkedHashMap<>(steps.variables);
    steps.train(batch);
    var after = new LinkedHashMap<>(steps.variables);
    for (String name :
        new String[] {"up.w", "up.b", "norm.scale", "norm.shift", "out.w", "out.b"}) {
      for (int i = 0; i < start.get(name).data().length; i++) {
        double slope =
            (loss(steps, start, batch, name, i, 1e-5) - loss(steps, start, batch, name, i, -1e-5))
                / 2e-5;
        double change = start.get(name).data()[i] - after.get(name).data()[i];
        assertThat(change).as("%s[%d]", name, i).isCloseTo(slope, within(1e-8));
      }
    }
  }

  private static double loss(
      Steps steps,
      Map<String, Tensor> at,
      Map<String, Tensor> batch,
      String name,
      int i,
      double by) {
    steps.variables.putAll(at);
    double[] moved = at.get(name).data().clone();
    moved[i] += by;
    steps.variables.put(name, new Tensor(DType.F32, at.get(name).shape(), moved));
    return steps.train(batch).get("loss").scalar();
  }

  @Test
  void whatTheLossDoesNotDependOnStays() {
    Steps steps = classes("adamw(lr = 0.1)");
    double[] w = steps.values("unused.w");
    steps.train(Steps.batch(1));
    assertThat(steps.values("unused.w")).containsExactly(w);
    assertThat(steps.variables.keySet()).doesNotContain("unused.w.m");
  }
}
