package modelc.data;

import java.util.Arrays;
import java.util.List;
import modelc.runtime.BatchSource;
import modelc.runtime.DataException;
import modelc.runtime.Permutation;

/**
 * Samples to train on or to evaluate with: columns by name, samples by number, safe from any
 * thread. Batching, order and prefetching are the runtime's.
 */
public interface DataSet extends BatchSource {
  /** Two parts of a set that share no sample. */
  record Split(DataSet train, DataSet validation) {}

  /** The names of the classes that the column {@code label} numbers; empty if they have none. */
  default List<String> classNames() {
    return List.of();
  }

  /** Whether reading a sample takes more than copying it: then several threads should. */
  default boolean costly() {
    return false;
  }

  /** Bytes of decoded samples it keeps at most; 0 where it keeps none. */
  default long cacheBytes() {
    return 0;
  }

  /**
   * Sets a fraction of the samples aside, chosen by {@code seed} alone; both parts keep the order.
   *
   * @param fraction from 0 to below 1; a part of more than 0 has at least one sample
   */
  default Split split(double fraction, long seed) {
    Halves halves = halves(size(), fraction, seed);
    return new Split(new Selection(this, halves.train()), new Selection(this, halves.validation()));
  }

  /** The numbers of both parts of a split. */
  @SuppressWarnings("ArrayRecordComponent") // read by those who split, at once
  record Halves(int[] train, int[] validation) {}

  /** Chooses both parts of a split of {@code size} samples. */
  static Halves halves(long size, double fraction, long seed) {
    if (!(fraction >= 0 && fraction < 1)) {
      throw new DataException(
          "D0104",
          "a validation part of " + fraction,
          "use a fraction from 0 to below 1, e.g. validation = 0.1");
    }
    int[] order = Permutation.of(size, seed, 0);
    int aside = fraction == 0 ? 0 : (int) Math.max(1, Math.round(fraction * order.length));
    if (aside > 0 && aside >= order.length) {
      throw new DataException(
          "D0105",
          order.length + " samples cannot be split into training and validation",
          "use more samples, or validation = 0");
    }
    int[] validation = Arrays.copyOf(order, aside);
    int[] train = Arrays.copyOfRange(order, aside, order.length);
    Arrays.sort(validation);
    Arrays.sort(train);
    return new Halves(train, validation);
  }
}
