package modelc.runtime;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A machine with memory of its own that runs the kernels of a {@link DeviceProgram}: a GPU behind
 * its driver, or an emulator of one.
 *
 * <p>Copies and launches are carried out one after the other, in the order they are asked for, and
 * perhaps later: {@link #finish} waits for them, and until then host memory that takes part must
 * neither change nor be freed. For one thread at a time, {@link Staging#send} apart.
 */
public interface Device extends AutoCloseable {
  /** What it is, for people. */
  String name();

  /** A piece of the device's memory. Its contents are undefined at first. */
  interface Memory extends AutoCloseable {
    long bytes();

    /** Copies host memory to it, from its byte {@code at} on. */
    void write(long at, MemorySegment host);

    /** Copies from its byte {@code at} on to host memory. */
    void read(long at, MemorySegment host);

    /** Says that what those bytes hold is no longer needed. */
    void forget(long at, long bytes);

    /** Frees it. */
    @Override
    void close();
  }

  /** Host memory that the device reads and writes by itself, so that copies are fast; zeroed. */
  interface HostMemory extends AutoCloseable {
    MemorySegment segment();

    /** Frees it. */
    @Override
    void close();
  }

  /** Host memory with a twin on the device, which is filled while kernels run. */
  interface Staging extends HostMemory {
    /** Starts to copy the first {@code bytes} to the twin; from any thread. */
    void send(long bytes);

    /** Copies the first {@code bytes} of the twin, once they are there, to {@code to}. */
    void deliver(Memory to, long at, long bytes);
  }

  /** Work that was recorded, to be done any number of times. */
  interface Recorded extends AutoCloseable {
    void replay();

    /** Frees it. */
    @Override
    void close();
  }

  /** What a kernel is given for a parameter. */
  sealed interface Argument {
    /** The address of {@code bytes} bytes of a memory. */
    record Buffer(Memory memory, long from, long bytes) implements Argument {}

    /** A run-time size. */
    record Size(long value) implements Argument {}
  }

  /** What it runs of a program: that, or what the program has for devices like this alone. */
  default DeviceProgram choice(DeviceProgram program) {
    return program;
  }

  /** Makes the kernels of a program ready, instead of those of the last one. */
  void load(DeviceProgram program);

  /**
   * Takes memory that is aligned for any access.
   *
   * @param name for messages
   * @throws LimitException if there is not so much left
   */
  Memory allocate(String name, long bytes);

  /** Takes host memory for copies. */
  HostMemory hostMemory(long bytes);

  /** Takes host memory with a twin on the device. */
  Staging staging(long bytes);

  /**
   * Runs a kernel after all launches before.
   *
   * @param grid blocks along x, y and z, each at least 1
   * @param sharedBytes of a block beyond what the kernel's code has of its own
   */
  void launch(
      String kernel,
      List<Long> grid,
      int threadsX,
      int threadsY,
      long sharedBytes,
      List<Argument> arguments);

  /**
   * Records the launches and copies that {@code work} asks for, without doing them. Of host memory,
   * only such as {@link #hostMemory} gave may take part.
   */
  Recorded record(Runnable work);

  /** Waits until all that was asked for is done. */
  void finish();

  /** Frees everything. */
  @Override
  void close();
}
