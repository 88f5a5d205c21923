package modelc.runtime;

import java.lang.foreign.MemorySegment;

/**
 * The machine code of a model, wherever it came from: a JIT, or a shared library.
 *
 * <p>An entry is {@code int f(void **ctx, int tid, int nthreads)}, entered by all threads. The
 * slots of {@code ctx}: arena, barrier (128 bytes), the values of the entry's symbols, then a
 * pointer per argument and per result that has memory of its own.
 */
public interface NativeCode extends AutoCloseable {
  /** The address of an entry; it stays valid until {@link #close}. */
  MemorySegment entry(String entryName);

  /** Unloads the code. It is called once, when no entry runs. */
  @Override
  void close();
}
