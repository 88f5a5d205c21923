package modelc.runtime;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Samples by number, as training and evaluation read them; safe from any thread. It knows nothing
 * of order and batches.
 */
public interface BatchSource {
  /** What each sample consists of. */
  List<Column> columns();

  /** How many samples. */
  long size();

  /**
   * Writes a sample. What is written depends on the arguments alone, so that a run can be repeated
   * and resumed.
   *
   * @param sample from 0
   * @param epoch from 1, for what is to differ from epoch to epoch (augmentation); 0 gives the
   *     sample as it is
   * @param rows one for each column, of exactly its bytes
   */
  void read(long sample, long epoch, MemorySegment[] rows);
}
