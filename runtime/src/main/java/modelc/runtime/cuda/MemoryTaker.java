package modelc.runtime.cuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import modelc.runtime.LimitException;

/**
 * Takes memory of a GPU, or host memory that it reaches, and tells the figures where there is none.
 */
record MemoryTaker(Libcuda cuda, Resources resources, String device) {
  private static final int PORTABLE = 1; // CU_MEMHOSTALLOC_PORTABLE

  /**
   * An address on the GPU.
   *
   * @param what it is for
   * @throws LimitException if there is too little left
   */
  long take(String what, long bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      int result = cuda.result(Function.MEM_ALLOC, out.address(), bytes);
      if (Libcuda.isOutOfMemory(result)) {
        throw none(device, what, bytes, free());
      }
      return taken(Function.MEM_ALLOC, result, out, Function.MEM_FREE);
    }
  }

  /** An address on the host, which is aligned to pages. */
  long takeOnHost(long bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      int result = cuda.result(Function.MEM_HOST_ALLOC, out.address(), bytes, PORTABLE);
      if (Libcuda.isOutOfMemory(result)) {
        throw none("this machine", "copies to and from the GPU", bytes, "");
      }
      return taken(Function.MEM_HOST_ALLOC, result, out, Function.MEM_FREE_HOST);
    }
  }

  private long taken(Function f, int result, MemorySegment out, Function free) {
    if (result != 0) {
      throw cuda.failed(f, result);
    }
    long address = out.get(JAVA_LONG, 0);
    resources.add(free, address);
    return address;
  }

  /** How much is free, as the driver says it. */
  private String free() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment sizes = arena.allocate(JAVA_LONG, 2);
      if (cuda.result(Function.MEM_GET_INFO, sizes.address(), sizes.address() + 8) != 0) {
        return "";
      }
      return "; "
          + mebibytes(sizes.getAtIndex(JAVA_LONG, 0))
          + " of "
          + mebibytes(sizes.getAtIndex(JAVA_LONG, 1))
          + " are free";
    }
  }

  private static LimitException none(String where, String what, long bytes, String free) {
    return new LimitException(
        "R0905", where + " has no " + mebibytes(bytes) + " left for " + what + free, Cures.of(2));
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%,.1f MiB", bytes / (double) (1 << 20));
  }
}
