package modelc.ir.tensor;

import java.util.Arrays;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.TensorType;

/**
 * A tensor of the {@link Interpreter}: every element type held as doubles, row-major. Booleans are
 * 0 and 1.
 *
 * <p>It is for tests and for meaning, not for speed. It does not copy its arrays; nobody writes to
 * them after.
 */
public record Tensor(DType dtype, long[] shape, double[] data) {
  public Tensor {
    if (data.length != elements(shape)) {
      throw new IllegalArgumentException(
          dtype
              + Arrays.toString(shape)
              + " has "
              + elements(shape)
              + " elements, not "
              + data.length);
    }
  }

  public static Tensor of(DType dtype, long[] shape, double... data) {
    return new Tensor(dtype, shape, data);
  }

  public static Tensor scalar(DType dtype, double value) {
    return new Tensor(dtype, new long[0], new double[] {value});
  }

  /** A tensor of one axis. */
  public static Tensor vector(DType dtype, double... data) {
    return new Tensor(dtype, new long[] {data.length}, data);
  }

  public static Tensor full(DType dtype, long[] shape, double value) {
    double[] data = new double[elements(shape)];
    Arrays.fill(data, value);
    return new Tensor(dtype, shape, data);
  }

  /** Each element from its index; the index array is reused. */
  static Tensor build(DType dtype, long[] shape, ToDoubleFunction<long[]> element) {
    double[] data = new double[elements(shape)];
    long[] index = new long[shape.length];
    for (int i = 0; i < data.length; i++) {
      data[i] = element.applyAsDouble(index);
      advance(index, shape);
    }
    return new Tensor(dtype, shape, data);
  }

  /**
   * Reproducible random contents for tests: floats uniform in [-1, 1) and exact in f32, integers
   * uniform in [-8, 8], booleans even.
   *
   * @param type of constant sizes
   */
  public static Tensor random(TensorType type, long seed) {
    long[] shape = type.shape().dims().stream().mapToLong(Dim::constant).toArray();
    return random(type.dtype(), shape, seed);
  }

  /** As {@link #random(TensorType, long)}. */
  public static Tensor random(DType dtype, long[] shape, long seed) {
    var random = new Random(seed);
    double[] data = new double[elements(shape)];
    for (int i = 0; i < data.length; i++) {
      data[i] =
          switch (dtype) {
            case F32, F64 -> random.nextFloat(-1, 1);
            case I32, I64 -> random.nextInt(-8, 9);
            case BOOL -> random.nextInt(2);
          };
    }
    return new Tensor(dtype, shape, data);
  }

  public TensorType type() {
    return TensorType.of(dtype, shape);
  }

  public int rank() {
    return shape.length;
  }

  public double get(long... index) {
    return data[offset(index)];
  }

  /** The value of a tensor of one element. */
  public double scalar() {
    if (data.length != 1) {
      throw new IllegalStateException(type() + " is not one number");
    }
    return data[0];
  }

  Tensor withShape(long[] shape) {
    return new Tensor(dtype, shape, data);
  }

  int offset(long[] index) {
    int offset = 0;
    for (int i = 0; i < shape.length; i++) {
      offset = (int) (offset * shape[i] + index[i]);
    }
    return offset;
  }

  /** How far apart neighbours along each axis lie. */
  int[] strides() {
    int[] strides = new int[shape.length];
    int stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride = (int) (stride * shape[i]);
    }
    return strides;
  }

  /** The next index in row-major order; the first after the last. */
  static void advance(long[] index, long[] shape) {
    for (int i = index.length - 1; i >= 0; i--) {
      if (++index[i] < shape[i]) {
        return;
      }
      index[i] = 0;
    }
  }

  /**
   * How many elements a shape has.
   *
   * @throws ArithmeticException if an array cannot hold them
   */
  static int elements(long[] shape) {
    long product = 1;
    for (long size : shape) {
      product = Math.multiplyExact(product, size);
    }
    return Math.toIntExact(product);
  }

  /** Same type and same elements; NaN equals NaN, and 0 differs from -0. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Tensor t
        && dtype == t.dtype
        && Arrays.equals(shape, t.shape)
        && Arrays.equals(data, t.data);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * dtype.hashCode() + Arrays.hashCode(shape)) + Arrays.hashCode(data);
  }

  @Override
  public String toString() {
    return type() + Arrays.toString(data);
  }
}
