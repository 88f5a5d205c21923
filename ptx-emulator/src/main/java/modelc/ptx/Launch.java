package modelc.ptx;

import org.jspecify.annotations.Nullable;

/**
 * What all blocks of a launch have in common.
 *
 * @param id differs from launch to launch
 */
record Launch(
    Program program,
    Names names,
    Dim3 grid,
    Dim3 block,
    int dynamicShared,
    byte[] parameters,
    DeviceMemory memory,
    Variables variables,
    EmulatorOptions options,
    int id) {

  /** The allocation or module variable at an address; null where there is none. */
  @Nullable Region global(long address) {
    long slot = address >>> DeviceMemory.SLOT_BITS;
    return slot >= DeviceMemory.MODULE_SLOTS ? variables.slot(slot) : memory.slot(slot);
  }
}
