package modelc.runtime;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Samples by number, as training and evaluation read them; safe from any thread. It knows nothing
 * of order and batches.
 */
public interface BatchSource {
  /** The column that {@link #label} tells of. */
  String LABEL = "label";

  /** What each sample consists of. */
  List<Column> columns();

  /** How many samples. */
  long size();

  /** Where a sample comes from, as a message names it. */
  default String name(long sample) {
    return "sample " + sample;
  }

  /**
   * The class of a sample, which its column {@code label} has, found without reading it; below 0
   * where there is none such.
   */
  default int label(long sample) {
    return -1;
  }

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
