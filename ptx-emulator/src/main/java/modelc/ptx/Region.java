package modelc.ptx;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A piece of memory of any space, little-endian, with a state for each byte and, where threads may
 * share it, the record of who accessed what.
 */
final class Region {
  /** Nobody has written this byte. */
  static final byte UNDEFINED = 0;

  static final byte DEFINED = -1;

  /** An asynchronous copy will write it. */
  static final byte PENDING = 1;

  /** Not there: between two variables. */
  static final byte GAP = 2;

  private static final VarHandle SHORT = view(short[].class);
  private static final VarHandle INT = view(int[].class);
  private static final VarHandle LONG = view(long[].class);

  final String name;
  final byte[] data;
  final byte[] state;
  private final boolean shared;

  /** Whether kernels may not write to it. */
  boolean readOnly;

  private @Nullable Races races;

  /** Begin and end of the parts that the current launch may use; null: all. */
  long @Nullable [] windows;

  /**
   * A region of undefined bytes.
   *
   * @param shared by threads, whose races are to be found
   */
  Region(String name, int bytes, boolean shared) {
    this.name = name;
    data = new byte[bytes];
    state = new byte[bytes];
    this.shared = shared;
  }

  private static VarHandle view(Class<?> array) {
    return MethodHandles.byteArrayViewVarHandle(array, ByteOrder.LITTLE_ENDIAN);
  }

  int bytes() {
    return data.length;
  }

  /** The record of accesses; null where there can be no races. */
  @Nullable Races races(int granule) {
    if (!shared) {
      return null;
    }
    if (races == null || races.granule() != granule) {
      races = new Races(data.length, granule);
    }
    return races;
  }

  /** Makes {@code bytes} bytes undefined. */
  void forget(int offset, int bytes) {
    Arrays.fill(state, offset, offset + bytes, UNDEFINED);
  }

  /** Whether the launch may access these bytes, which are in the region. */
  boolean allows(long offset, int size) {
    long[] w = windows;
    if (w == null) {
      return true;
    }
    for (int i = 0; i < w.length; i += 2) {
      if (offset >= w[i] && offset + size <= w[i + 1]) {
        return true;
      }
    }
    return false;
  }

  /** The bytes at an offset, as the low bits of a long. */
  long get(int offset, int size) {
    return switch (size) {
      case 4 -> (int) INT.get(data, offset) & 0xffff_ffffL;
      case 8 -> (long) LONG.get(data, offset);
      case 2 -> (short) SHORT.get(data, offset) & 0xffffL;
      default -> data[offset] & 0xffL;
    };
  }

  void put(int offset, int size, long value) {
    switch (size) {
      case 4 -> {
        INT.set(data, offset, (int) value);
        INT.set(state, offset, -1);
      }
      case 8 -> {
        LONG.set(data, offset, value);
        LONG.set(state, offset, -1L);
      }
      case 2 -> {
        SHORT.set(data, offset, (short) value);
        SHORT.set(state, offset, (short) -1);
      }
      default -> {
        data[offset] = (byte) value;
        state[offset] = DEFINED;
      }
    }
  }

  /** The state common to all of the bytes; where they differ, that of the first not defined one. */
  byte state(int offset, int size) {
    boolean all =
        switch (size) {
          case 4 -> (int) INT.get(state, offset) == -1;
          case 8 -> (long) LONG.get(state, offset) == -1;
          case 2 -> (short) SHORT.get(state, offset) == -1;
          default -> false;
        };
    if (!all) {
      for (int i = 0; i < size; i++) {
        if (state[offset + i] != DEFINED) {
          return state[offset + i];
        }
      }
    }
    return DEFINED;
  }

  /** Whether each byte may be written: it is there, and no copy is under way to it. */
  boolean writable(int offset, int size) {
    for (int i = 0; i < size; i++) {
      if (state[offset + i] > 0) {
        return false;
      }
    }
    return true;
  }

  void mark(int offset, int size, byte to) {
    Arrays.fill(state, offset, offset + size, to);
  }
}
