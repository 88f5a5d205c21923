package modelc.ptx;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The global memory of an emulated device. Each allocation has an address range of its own, far
 * from all others, so that no wrong index of one reaches another; its bytes are undefined until
 * written.
 */
public final class DeviceMemory {
  /** An address is the number of its allocation, shifted by this, plus an offset. */
  static final int SLOT_BITS = 36;

  /** Slots from here on belong to the variables of modules. */
  static final int MODULE_SLOTS = 1 << 20;

  private final List<@Nullable Region> slots = new ArrayList<>();

  public DeviceMemory() {
    // Addresses without a slot: null pointers, and windows to shared and local memory.
    slots.add(null);
  }

  /**
   * Allocates undefined bytes, aligned to 256.
   *
   * @param name for messages
   */
  public DeviceBuffer allocate(String name, int bytes) {
    var region = new Region(name, bytes, true);
    long base = (long) slots.size() << SLOT_BITS;
    slots.add(region);
    return new DeviceBuffer(region, base, 0, bytes);
  }

  /** Allocates float32 values. */
  public DeviceBuffer of(String name, float... values) {
    DeviceBuffer b = allocate(name, 4 * values.length);
    b.write(values);
    return b;
  }

  /** Allocates 32-bit integers. */
  public DeviceBuffer of(String name, int... values) {
    DeviceBuffer b = allocate(name, 4 * values.length);
    b.write(values);
    return b;
  }

  /** Frees an allocation: whoever still uses its addresses is out of bounds. */
  public void free(DeviceBuffer buffer) {
    slots.set((int) (buffer.address() >>> SLOT_BITS), null);
  }

  @Nullable Region slot(long number) {
    return number > 0 && number < slots.size() ? slots.get((int) number) : null;
  }
}
