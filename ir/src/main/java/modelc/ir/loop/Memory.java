package modelc.ir.loop;

import modelc.ir.DType;

/**
 * The contents of one argument of an interpreted kernel or entry: elements of one type, each
 * defined or not yet.
 *
 * <p>Elements are held as the machine holds them: an f32 is rounded, an i32 wrapped. It is not
 * thread-safe.
 */
public final class Memory {
  private final DType dtype;
  private final long size;
  private final View view;

  private Memory(DType dtype, long size) {
    this.dtype = dtype;
    this.size = size;
    int shift = Integer.numberOfTrailingZeros(dtype.bytes());
    var cells = new Cells(Math.multiplyExact(size, (long) dtype.bytes()), shift);
    view = new View("memory", cells, 0, size, dtype, 0, View.Tracking.ALL);
  }

  /** Elements that are not defined until something writes them. */
  public static Memory undefined(DType dtype, long size) {
    return new Memory(dtype, size);
  }

  public static Memory ofFloats(float... values) {
    var m = new Memory(DType.F32, values.length);
    for (int i = 0; i < values.length; i++) {
      m.set(i, values[i]);
    }
    return m;
  }

  public static Memory ofDoubles(double... values) {
    return of(DType.F64, values);
  }

  public static Memory ofInts(int... values) {
    var m = new Memory(DType.I32, values.length);
    for (int i = 0; i < values.length; i++) {
      m.setLong(i, values[i]);
    }
    return m;
  }

  public static Memory ofLongs(long... values) {
    var m = new Memory(DType.I64, values.length);
    for (int i = 0; i < values.length; i++) {
      m.setLong(i, values[i]);
    }
    return m;
  }

  public static Memory ofBooleans(boolean... values) {
    var m = new Memory(DType.BOOL, values.length);
    for (int i = 0; i < values.length; i++) {
      m.setLong(i, values[i] ? 1 : 0);
    }
    return m;
  }

  /** Of any type, converted from doubles. */
  public static Memory of(DType dtype, double... values) {
    var m = new Memory(dtype, values.length);
    for (int i = 0; i < values.length; i++) {
      m.set(i, values[i]);
    }
    return m;
  }

  public DType dtype() {
    return dtype;
  }

  /** In elements. */
  public long size() {
    return size;
  }

  public boolean isDefined(long index) {
    return view.isDefined(index);
  }

  /**
   * An element as a double, which holds all but i64 exactly; whatever it is when it is not defined.
   */
  public double get(long index) {
    return dtype.isFloat() ? view.rawDouble(index) : (double) view.rawLong(index);
  }

  /**
   * An integer or BOOL (0 or 1) element.
   *
   * @throws IllegalStateException for floats
   */
  public long getLong(long index) {
    if (dtype.isFloat()) {
      throw new IllegalStateException("elements are " + dtype);
    }
    return view.rawLong(index);
  }

  /** Sets an element, converted as {@link Expr.Convert} does. */
  public void set(long index, double value) {
    if (dtype.isFloat()) {
      view.putDouble(index, value);
    } else {
      view.putLong(index, LoopArithmetic.toLong(dtype, value));
    }
  }

  /** Sets an element from an integer. */
  public void setLong(long index, long value) {
    if (dtype.isFloat()) {
      view.putDouble(index, (double) value);
    } else {
      view.putLong(index, LoopArithmetic.wrap(dtype, value));
    }
  }

  public float[] toFloats() {
    var values = new float[Math.toIntExact(size)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) get(i);
    }
    return values;
  }

  public double[] toDoubles() {
    var values = new double[Math.toIntExact(size)];
    for (int i = 0; i < values.length; i++) {
      values[i] = get(i);
    }
    return values;
  }

  /** An independent memory with the same contents. */
  public Memory copy() {
    var m = new Memory(dtype, size);
    m.view.copyFrom(view);
    return m;
  }

  /** The bytes behind it, for the interpreter. */
  Cells cells() {
    return view.cells();
  }
}
