package modelc.passes;

import java.util.ArrayList;
import java.util.List;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.TensorType;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Value;

/**
 * Random layers that move elements: shapes, slices, padding, indices. They compute only what a
 * scatter adds.
 */
final class MovementLayers {
  private final LayerPool pool;
  private final Builder b;

  MovementLayers(LayerPool pool) {
    this.pool = pool;
    b = pool.b;
  }

  void reshape(Value x) {
    pool.add(b.reshape(reshaped(x), x), pool.magnitude(x));
  }

  private Shape reshaped(Value x) {
    var dims = new ArrayList<>(x.type().shape().dims());
    int axis = dims.isEmpty() ? 0 : pool.random.nextInt(dims.size());
    if (!dims.isEmpty() && pool.random.nextBoolean()) {
      for (long divisor = 2; divisor <= 3; divisor++) {
        var rest = dims.get(axis).dividedBy(Dim.of(divisor));
        if (rest.isPresent() && dims.size() < LayerPool.MAX_RANK) {
          dims.set(axis, rest.get());
          dims.add(axis, Dim.of(divisor));
          return new Shape(dims);
        }
      }
    }
    if (axis + 1 < dims.size()) {
      dims.set(axis, dims.get(axis).times(dims.remove(axis + 1)));
    } else if (dims.size() < LayerPool.MAX_RANK) {
      dims.add(axis, Dim.ONE);
    }
    return new Shape(dims);
  }

  void transpose(Value x) {
    pool.add(b.transpose(pool.shuffled(x.type().rank()), x), pool.magnitude(x));
  }

  void reverse(Value x) {
    pool.add(b.reverse(pool.some(x.type().rank()), x), pool.magnitude(x));
  }

  void broadcast(Value x) {
    var dims = new ArrayList<>(x.type().shape().dims());
    int at = pool.random.nextInt(dims.size() + 1);
    Dim size =
        pool.random.nextInt(3) == 0
            ? Dim.of(RandomModel.BATCH)
            : Dim.of(1 + pool.random.nextInt(3));
    if (at < dims.size() && dims.get(at).isOne()) {
      dims.set(at, size);
      addIfSmall(new Shape(dims), LayerPool.range(dims.size()), x);
    } else if (dims.size() < LayerPool.MAX_RANK) {
      dims.add(at, size);
      List<Integer> axes =
          LayerPool.range(dims.size()).stream().filter(axis -> axis != at).toList();
      addIfSmall(new Shape(dims), axes, x);
    }
  }

  private void addIfSmall(Shape shape, List<Integer> axes, Value x) {
    if (LayerPool.isSmall(shape)) {
      pool.add(b.broadcast(shape, axes, x), pool.magnitude(x));
    }
  }

  void slice(Value x) {
    var start = new ArrayList<Long>();
    var limit = new ArrayList<Dim>();
    var stride = new ArrayList<Long>();
    for (Dim d : x.type().shape().dims()) {
      boolean cut = d.isConstant() && d.constant() > 1 && pool.random.nextBoolean();
      long from = cut ? pool.random.nextInt((int) d.constant()) : 0;
      start.add(from);
      limit.add(cut ? Dim.of(from + 1 + pool.random.nextInt((int) (d.constant() - from))) : d);
      stride.add(d.isConstant() ? 1L + pool.random.nextInt(2) : 1L);
    }
    pool.add(b.slice(start, limit, stride, x), pool.magnitude(x));
  }

  void pad(Value x) {
    var low = new ArrayList<Long>();
    var high = new ArrayList<Long>();
    var interior = new ArrayList<Long>();
    var dims = new ArrayList<Dim>();
    for (Dim d : x.type().shape().dims()) {
      boolean padded = d.isConstant() && pool.random.nextBoolean();
      long gap = padded && pool.random.nextInt(3) == 0 ? 1 : 0;
      long before = padded ? pool.random.nextInt(4) - 1 : 0;
      long after = padded ? pool.random.nextInt(4) - 1 : 0;
      long size = padded ? d.constant() + (d.constant() - 1) * gap + before + after : 1;
      boolean fits = size > 0;
      low.add(fits ? before : 0);
      high.add(fits ? after : 0);
      interior.add(fits ? gap : 0);
      dims.add(fits && padded ? Dim.of(size) : d);
    }
    if (LayerPool.isSmall(new Shape(dims))) {
      double[] values = {0, 0.5, -1};
      pool.add(b.pad(low, high, interior, values[pool.random.nextInt(3)], x), pool.magnitude(x));
    }
  }

  void concatenate(Value x) {
    if (x.type().rank() == 0
        || !LayerPool.isSmall(Shape.of(x.type().shape().elements().times(2)))) {
      return;
    }
    Value y = pool.partner(x);
    int axis = pool.random.nextInt(x.type().rank());
    pool.add(b.concatenate(axis, List.of(x, y)), Math.max(pool.magnitude(x), pool.magnitude(y)));
  }

  private Value indices(long size, Shape shape) {
    long n = shape.elements().constant();
    List<Double> values = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      values.add((double) pool.random.nextInt((int) size + 2) - 1);
    }
    return b.dense(new TensorType(DType.I32, shape), values);
  }

  private Shape indexShape() {
    return switch (pool.random.nextInt(3)) {
      case 0 -> Shape.SCALAR;
      case 1 -> Shape.of(1 + pool.random.nextInt(4));
      default -> Shape.of(2, 1 + pool.random.nextInt(2));
    };
  }

  void gather(Value x) {
    if (x.type().rank() == 0 || x.type().rank() == LayerPool.MAX_RANK) {
      return;
    }
    int axis = pool.random.nextInt(x.type().rank());
    Value taken = b.gather(axis, x, indices(4, indexShape()));
    if (LayerPool.isSmall(taken.type().shape())) {
      pool.add(taken, pool.magnitude(x));
    }
  }

  void scatterAdd(Value x) {
    if (x.type().rank() == 0 || x.type().rank() == LayerPool.MAX_RANK) {
      return;
    }
    int axis = pool.random.nextInt(x.type().rank());
    Value indices = indices(4, indexShape());
    Value updates = b.multiply(b.gather(axis, x, indices), b.gather(axis, x, indices));
    if (LayerPool.isSmall(updates.type().shape())) {
      pool.add(b.scatterAdd(axis, x, indices, updates), 2 * pool.magnitude(x));
    }
  }
}
