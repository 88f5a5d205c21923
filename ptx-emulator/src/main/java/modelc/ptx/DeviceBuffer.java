package modelc.ptx;

import java.util.Arrays;
import java.util.Objects;

/**
 * Memory that kernels can reach: an allocation or a part of one. A launch that gets one may use
 * just its bytes.
 */
public final class DeviceBuffer {
  final Region region;
  private final long base;
  final int offset;
  private final int bytes;

  DeviceBuffer(Region region, long base, int offset, int bytes) {
    this.region = region;
    this.base = base;
    this.offset = offset;
    this.bytes = bytes;
  }

  public int bytes() {
    return bytes;
  }

  /** Its address in the generic and the global space. */
  public long address() {
    return base + offset;
  }

  /** A part of it. */
  public DeviceBuffer slice(int from, int length) {
    Objects.checkFromIndexSize(from, length, bytes);
    return new DeviceBuffer(region, base, offset + from, length);
  }

  /** Copies host bytes to it. */
  public void write(byte... values) {
    Objects.checkFromIndexSize(0, values.length, bytes);
    System.arraycopy(values, 0, region.data, offset, values.length);
    region.mark(offset, values.length, Region.DEFINED);
  }

  /** Writes float32 values from its begin on. */
  public void write(float... values) {
    Objects.checkFromIndexSize(0, 4 * values.length, bytes);
    for (int i = 0; i < values.length; i++) {
      region.put(offset + 4 * i, 4, Float.floatToRawIntBits(values[i]));
    }
  }

  /** Writes 32-bit integers from its begin on. */
  public void write(int... values) {
    Objects.checkFromIndexSize(0, 4 * values.length, bytes);
    for (int i = 0; i < values.length; i++) {
      region.put(offset + 4 * i, 4, values[i]);
    }
  }

  /** Writes 64-bit integers from its begin on. */
  public void write(long... values) {
    Objects.checkFromIndexSize(0, 8 * values.length, bytes);
    for (int i = 0; i < values.length; i++) {
      region.put(offset + 8 * i, 8, values[i]);
    }
  }

  /** Sets all bytes. */
  public void fill(byte value) {
    Arrays.fill(region.data, offset, offset + bytes, value);
    region.mark(offset, bytes, Region.DEFINED);
  }

  /** Makes its contents undefined again, as where an arena's memory gets another use. */
  public void forget() {
    region.forget(offset, bytes);
  }

  /** What a buffer held: its bytes, and which of them were written. */
  public static final class Contents {
    private final byte[] data;
    private final byte[] state;

    private Contents(byte[] data, byte[] state) {
      this.data = data;
      this.state = state;
    }

    /** The bytes; 0 where nobody wrote. */
    public byte[] bytes() {
      byte[] bytes = data.clone();
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = state[i] == Region.DEFINED ? bytes[i] : 0;
      }
      return bytes;
    }

    /** Whether the same bytes of both were written. */
    public boolean isDefinedLike(Contents other) {
      return Arrays.equals(state, other.state);
    }
  }

  /** A copy of its contents, undefined bytes included. */
  public Contents contents() {
    return new Contents(
        Arrays.copyOfRange(region.data, offset, offset + bytes),
        Arrays.copyOfRange(region.state, offset, offset + bytes));
  }

  /** Makes its contents those of a copy of a buffer of its size. */
  public void restore(Contents contents) {
    if (contents.data.length != bytes) {
      throw new IllegalArgumentException(contents.data.length + " bytes for a buffer of " + bytes);
    }
    System.arraycopy(contents.data, 0, region.data, offset, bytes);
    System.arraycopy(contents.state, 0, region.state, offset, bytes);
  }

  /** Whether every byte was written. */
  public boolean isDefined() {
    for (int i = 0; i < bytes; i++) {
      if (region.state[offset + i] != Region.DEFINED) {
        return false;
      }
    }
    return true;
  }

  private void check(int from, int size) {
    for (int i = 0; i < size; i++) {
      if (region.state[offset + from + i] != Region.DEFINED) {
        throw new IllegalStateException(
            "byte " + (from + i) + " of buffer " + region.name + " was never written");
      }
    }
  }

  /**
   * Its contents.
   *
   * @throws IllegalStateException where a byte was never written
   */
  public byte[] toBytes() {
    check(0, bytes);
    return Arrays.copyOfRange(region.data, offset, offset + bytes);
  }

  /**
   * Its contents as float32.
   *
   * @throws IllegalStateException where a byte was never written
   */
  public float[] toFloats() {
    check(0, bytes);
    var values = new float[bytes / 4];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat((int) region.get(offset + 4 * i, 4));
    }
    return values;
  }

  /**
   * Its contents as 32-bit integers.
   *
   * @throws IllegalStateException where a byte was never written
   */
  public int[] toInts() {
    check(0, bytes);
    var values = new int[bytes / 4];
    for (int i = 0; i < values.length; i++) {
      values[i] = (int) region.get(offset + 4 * i, 4);
    }
    return values;
  }

  /**
   * Its contents as 64-bit integers.
   *
   * @throws IllegalStateException where a byte was never written
   */
  public long[] toLongs() {
    check(0, bytes);
    var values = new long[bytes / 8];
    for (int i = 0; i < values.length; i++) {
      values[i] = region.get(offset + 8 * i, 8);
    }
    return values;
  }

  @Override
  public String toString() {
    return region.name + "[" + offset + ", " + (offset + bytes) + ")";
  }
}
