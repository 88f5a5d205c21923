package modelc.runtime;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory that one column of a batch is assembled in. */
interface BatchMemory extends AutoCloseable {
  /** Native and aligned as compiled code wants it. */
  MemorySegment segment();

  /** Its first {@code bytes} are ready to be computed with. */
  void filled(long bytes);

  /** Frees it; no call may use it any more. */
  @Override
  void close();

  /** Where it comes from. */
  interface Source {
    /**
     * @param what for messages
     */
    BatchMemory allocate(long bytes, String what);
  }

  /** In the host's memory. */
  static BatchMemory onHost(long bytes, String what) {
    return new OnHost(bytes, what);
  }

  /** Memory of its own arena. */
  final class OnHost implements BatchMemory {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;

    private OnHost(long bytes, String what) {
      try {
        segment = NativeMemory.allocate(arena, bytes, what);
      } catch (ModelcException e) {
        arena.close();
        throw e;
      }
    }

    @Override
    public MemorySegment segment() {
      return segment;
    }

    @Override
    public void filled(long count) {}

    @Override
    public void close() {
      Session.release(arena);
    }
  }
}
