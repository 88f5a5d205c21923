package modelc.runtime;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A machine with memory of its own that runs the kernels of a PTX module, one launch after the
 * other: a GPU behind its driver, or an emulator of one. For one thread at a time.
 */
public interface Device extends AutoCloseable {
  /** A piece of the device's memory. Its contents are undefined at first. */
  interface Memory {
    long bytes();

    /** Copies host memory to its beginning. */
    void write(MemorySegment host);

    /** Copies its beginning to host memory. */
    void read(MemorySegment host);

    /** Says that its contents are no longer needed. */
    void forget();
  }

  /** What a kernel is given for a parameter. */
  sealed interface Argument {
    /** The address of {@code bytes} bytes of a memory. */
    record Buffer(Memory memory, long from, long bytes) implements Argument {}

    /** A run-time size. */
    record Size(long value) implements Argument {}
  }

  /** Makes the kernels of a module ready, instead of those of the last one. */
  void load(String ptx);

  /**
   * Takes memory that is aligned for any access.
   *
   * @param name for messages
   */
  Memory allocate(String name, long bytes);

  /**
   * Runs a kernel after all launches before.
   *
   * @param grid blocks along x, y and z, each at least 1
   */
  void launch(String kernel, List<Long> grid, int threadsX, int threadsY, List<Argument> arguments);

  /** Frees everything. */
  @Override
  void close();
}
