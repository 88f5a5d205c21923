package modelc.ir.loop;

import modelc.ir.DType;

/**
 * A buffer of an interpreted kernel: a stretch of cells seen as elements of one type. Checks that
 * accesses are within it and reads find what was written as that type; hands the rest to {@link
 * Races}.
 */
final class View {
  enum Tracking {
    NONE,
    /** Memory of one thread: who wrote does not matter until another iteration reads it. */
    READS,
    ALL
  }

  /** Stands where a buffer is yet to come. */
  static final View NOTHING =
      new View("nothing", new Cells(0, 0), 0, 0, DType.BOOL, 0, Tracking.NONE);

  private final String name;
  private final Cells cells;
  private final int base;
  private final long size;
  private final DType dtype;
  private final int shift;
  private final int granules;
  private final char tag;
  private final Tracking tracking;

  View(String name, Cells cells, long base, long size, DType dtype, int region, Tracking tracking) {
    this.name = name;
    this.cells = cells;
    this.base = Math.toIntExact(base);
    this.size = size;
    this.dtype = dtype;
    this.tracking = tracking;
    shift = Integer.numberOfTrailingZeros(dtype.bytes());
    granules = Math.max(1, dtype.bytes() >> cells.granuleShift);
    tag = Cells.tag(dtype, region);
  }

  /** A local buffer. */
  static View local(Buffer b, Tracking tracking) {
    int shift = Integer.numberOfTrailingZeros(b.dtype().bytes());
    long lanes = Math.multiplyExact(b.size().constant(), (long) b.lanes());
    var cells = new Cells(lanes << shift, shift);
    if (tracking != Tracking.NONE) {
      cells.trackRaces();
    }
    return new View(b.name(), cells, 0, lanes, b.dtype(), 0, tracking);
  }

  String name() {
    return name;
  }

  long size() {
    return size;
  }

  Cells cells() {
    return cells;
  }

  Tracking tracking() {
    return tracking;
  }

  /** The byte an element begins at, after the checks of a read. */
  int reading(Frame f, long index, Site site) {
    int at = offset(f, index, site);
    int g = at >> cells.granuleShift;
    if (cells.tags[g] != tag) {
      throw site.error(
          f, "reads " + name + "[" + index + "], which " + Cells.describe(cells.tags[g], tag));
    }
    if (f.me != 0 && tracking != Tracking.NONE) {
      f.races.read(f, this, g, index, site);
    }
    return at;
  }

  /** The byte an element begins at, after the checks of a write; the element counts as written. */
  int writing(Frame f, long index, Site site) {
    int at = offset(f, index, site);
    int g = at >> cells.granuleShift;
    if (cells.tags[g] == Cells.PENDING) {
      throw site.error(
          f, "writes " + name + "[" + index + "], which " + Cells.describe(Cells.PENDING, tag));
    }
    cells.define(g, granules, tag);
    if (f.me != 0 && tracking != Tracking.NONE) {
      f.races.write(f, this, g, index, site);
    }
    return at;
  }

  /** Checks the write of an asynchronous copy, whose element is undefined from now on. */
  void expect(Frame f, long index, Site site) {
    cells.define(writing(f, index, site) >> cells.granuleShift, granules, Cells.PENDING);
  }

  /** The end of such a copy: the element is as it is written now. */
  void land(Frame f, long index, long bits, Site site) {
    cells.define(unchecked(index) >> cells.granuleShift, granules, Cells.UNDEFINED);
    int at = writing(f, index, site);
    if (dtype.bytes() == Long.BYTES) {
      Cells.I64.set(cells.data, at, bits);
    } else {
      Cells.I32.set(cells.data, at, (int) bits);
    }
  }

  /** An element of 4 or 8 bytes as it lies in memory, read like any other. */
  long readBits(Frame f, long index, Site site) {
    int at = reading(f, index, site);
    return dtype.bytes() == Long.BYTES
        ? (long) Cells.I64.get(cells.data, at)
        : (int) Cells.I32.get(cells.data, at);
  }

  private int offset(Frame f, long index, Site site) {
    if (index < 0 || index >= size) {
      throw site.error(
          f,
          "index " + index + " is out of bounds of " + name + ", which has " + size + " elements");
    }
    return base + (int) (index << shift);
  }

  double readDouble(Frame f, long index, Site site) {
    return doubleAt(reading(f, index, site));
  }

  long readLong(Frame f, long index, Site site) {
    return longAt(reading(f, index, site));
  }

  void writeDouble(Frame f, long index, double value, Site site) {
    doubleAt(writing(f, index, site), value);
  }

  void writeLong(Frame f, long index, long value, Site site) {
    longAt(writing(f, index, site), value);
  }

  private double doubleAt(int at) {
    return dtype == DType.F32
        ? (float) Cells.F32.get(cells.data, at)
        : (double) Cells.F64.get(cells.data, at);
  }

  private void doubleAt(int at, double value) {
    if (dtype == DType.F32) {
      Cells.F32.set(cells.data, at, (float) value);
    } else {
      Cells.F64.set(cells.data, at, value);
    }
  }

  private long longAt(int at) {
    return switch (dtype) {
      case I32 -> (int) Cells.I32.get(cells.data, at);
      case I64 -> (long) Cells.I64.get(cells.data, at);
      case BOOL -> cells.data[at];
      case F32, F64 -> throw new IllegalStateException("elements of " + name + " are " + dtype);
    };
  }

  private void longAt(int at, long value) {
    switch (dtype) {
      case I32 -> Cells.I32.set(cells.data, at, (int) value);
      case I64 -> Cells.I64.set(cells.data, at, value);
      case BOOL -> cells.data[at] = (byte) value;
      case F32, F64 -> throw new IllegalStateException("elements of " + name + " are " + dtype);
    }
  }

  // Access from outside, without checks but bounds

  private int unchecked(long index) {
    if (index < 0 || index >= size) {
      throw new IndexOutOfBoundsException("index " + index + " of " + size + " elements");
    }
    return base + (int) (index << shift);
  }

  boolean isDefined(long index) {
    return cells.tags[unchecked(index) >> cells.granuleShift] == tag;
  }

  double rawDouble(long index) {
    return doubleAt(unchecked(index));
  }

  long rawLong(long index) {
    return longAt(unchecked(index));
  }

  void putDouble(long index, double value) {
    int at = unchecked(index);
    cells.define(at >> cells.granuleShift, granules, tag);
    doubleAt(at, value);
  }

  void putLong(long index, long value) {
    int at = unchecked(index);
    cells.define(at >> cells.granuleShift, granules, tag);
    longAt(at, value);
  }

  void copyFrom(View other) {
    System.arraycopy(other.cells.data, 0, cells.data, 0, cells.data.length);
    System.arraycopy(other.cells.tags, 0, cells.tags, 0, cells.tags.length);
  }
}
