package modelc.runtime.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import modelc.runtime.ContentCache;
import modelc.runtime.DeviceException;
import org.jspecify.annotations.Nullable;

/**
 * The machine code that the driver makes of PTX for its GPU, kept in the user's cache: making it
 * takes seconds. Its key is all it depends on: the PTX, the kind of GPU, the driver.
 */
record MachineCode(Libcuda cuda, Optional<ContentCache> cache, int capability, String device) {
  private static final int INPUT_PTX = 1; // CU_JIT_INPUT_PTX
  private static final int ERROR_LOG = 5; // CU_JIT_ERROR_LOG_BUFFER
  private static final int ERROR_LOG_BYTES = 6; // CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES
  private static final int LOG_BYTES = 1 << 14;
  private static final int SHOWN = 2000;

  /** The module of {@code ptx}. */
  long load(String ptx) {
    String key = key(ptx);
    Optional<byte[]> kept = cache.flatMap(c -> c.read(key));
    if (kept.isPresent()) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment out = arena.allocate(JAVA_LONG);
        long image = image(arena, kept.get());
        if (cuda.result(Function.MODULE_LOAD_DATA_EX, out.address(), image, 0, 0, 0) == 0) {
          return out.get(JAVA_LONG, 0);
        }
      } // The driver does not want it any more: it is made anew.
    }
    byte[] made = assemble(ptx);
    cache.ifPresent(c -> c.write(key, made));
    try (Arena arena = Arena.ofConfined()) {
      return cuda.readLong(Function.MODULE_LOAD_DATA_EX, image(arena, made), 0, 0, 0);
    }
  }

  private static long image(Arena arena, byte[] bytes) {
    return arena.allocateFrom(JAVA_BYTE, bytes).address();
  }

  private String key(String ptx) {
    String all = "cubin\n" + capability + "\n" + device + "\n" + cuda.version() + "\n" + ptx;
    byte[] bytes = all.getBytes(StandardCharsets.UTF_8);
    return ContentCache.sha256(bytes, 0, bytes.length);
  }

  private byte[] assemble(String ptx) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment log = arena.allocate(LOG_BYTES);
      MemorySegment options = arena.allocateFrom(JAVA_INT, ERROR_LOG, ERROR_LOG_BYTES);
      MemorySegment values = arena.allocate(ADDRESS, 2);
      values.setAtIndex(ADDRESS, 0, log);
      values.setAtIndex(JAVA_LONG, 1, LOG_BYTES);
      MemorySegment state = arena.allocate(JAVA_LONG);
      cuda.call(Function.LINK_CREATE, 2, options.address(), values.address(), state.address());
      DeviceException failure = null;
      byte[] code = new byte[0];
      try {
        code = link(arena, state.get(JAVA_LONG, 0), ptx, log);
      } catch (DeviceException e) {
        failure = e;
      }
      destroy(state.get(JAVA_LONG, 0), failure);
      return code;
    }
  }

  private void destroy(long state, @Nullable DeviceException failure) {
    int result = cuda.result(Function.LINK_DESTROY, state);
    if (failure != null) {
      throw failure;
    }
    if (result != 0) {
      throw cuda.failed(Function.LINK_DESTROY, result);
    }
  }

  private byte[] link(Arena arena, long state, String ptx, MemorySegment log) {
    MemorySegment text = arena.allocateFrom(ptx); // with the zero byte that the driver wants
    MemorySegment name = arena.allocateFrom("modelc.ptx");
    check(
        Function.LINK_ADD_DATA,
        cuda.result(
            Function.LINK_ADD_DATA,
            state,
            INPUT_PTX,
            text.address(),
            text.byteSize(),
            name.address(),
            0,
            0,
            0),
        log);
    MemorySegment out = arena.allocate(JAVA_LONG, 2); // where the code is, its size
    check(
        Function.LINK_COMPLETE,
        cuda.result(Function.LINK_COMPLETE, state, out.address(), out.address() + 8),
        log);
    return MemorySegment.ofAddress(out.getAtIndex(JAVA_LONG, 0))
        .reinterpret(out.getAtIndex(JAVA_LONG, 1))
        .toArray(JAVA_BYTE);
  }

  private void check(Function f, int result, MemorySegment log) {
    if (result == 0) {
      return;
    }
    String said = log.getString(0).strip();
    DeviceException failed = cuda.failed(f, result);
    if (said.isEmpty()) {
      throw failed;
    }
    String shown = said.length() > SHOWN ? said.substring(0, SHOWN) + " ..." : said;
    throw new DeviceException(
        "R0907",
        "the driver does not take the kernels: " + failed.getMessage() + "\n" + shown,
        failed.cure());
  }
}
