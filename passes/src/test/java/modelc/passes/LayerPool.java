package modelc.passes;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import modelc.ir.Shape;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Value;

/**
 * The values a random model has so far, and the choices made over them. It keeps their magnitudes
 * near 1, and knows which nothing uses yet.
 */
final class LayerPool {
  static final int MAX_RANK = 5;
  private static final long MAX_ELEMENTS = 200;

  final Builder b = new Builder();
  private final List<Value> pool = new ArrayList<>();
  private final Map<Value, Double> magnitudes = new HashMap<>();
  private final Set<Value> used = new HashSet<>();
  Random random = new Random(0);

  List<Value> values() {
    return pool;
  }

  void use(Value v) {
    used.add(v);
  }

  boolean isUsed(Value v) {
    return used.contains(v);
  }

  void add(Value v, double magnitude) {
    Value tamed = v;
    double m = magnitude;
    if (m > 3) {
      tamed = b.multiply(v, b.constantLike(v, 1 / m));
      m = 1;
    }
    if (!magnitudes.containsKey(tamed)) {
      pool.add(tamed);
      magnitudes.put(tamed, m);
    }
  }

  /** A value to build on, a late one more often than an early one. */
  Value pick() {
    int back = random.nextInt(1 + random.nextInt(pool.size()));
    Value v = pool.get(pool.size() - 1 - back);
    used.add(v);
    return v;
  }

  <T> T oneOf(List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }

  double magnitude(Value v) {
    return magnitudes.getOrDefault(v, 1.0);
  }

  /** Another value of {@code x}'s type: one there is, or one stretched from a scalar. */
  Value partner(Value x) {
    List<Value> fits = pool.stream().filter(v -> v.type().equals(x.type()) && v != x).toList();
    if (!fits.isEmpty() && random.nextBoolean()) {
      Value v = fits.get(random.nextInt(fits.size()));
      used.add(v);
      return v;
    }
    Value other = pick();
    Value scalar = b.unary(UnaryFn.TANH, b.sum(range(other.type().rank()), other));
    return b.broadcastScalar(x.type().shape(), scalar);
  }

  static boolean isSmall(Shape shape) {
    return shape.elements().evaluate(_ -> RandomModel.BATCH_SIZE) <= MAX_ELEMENTS;
  }

  List<Integer> some(int rank) {
    return range(rank).stream().filter(_ -> random.nextBoolean()).toList();
  }

  List<Integer> shuffled(int n) {
    var list = new ArrayList<>(range(n));
    Collections.shuffle(list, random);
    return list;
  }

  static List<Integer> range(int n) {
    return IntStream.range(0, n).boxed().toList();
  }
}
