package modelc.data;

import java.util.Optional;

/**
 * What a data source gives: samples to train on, and those set aside for the last test where the
 * source has such.
 */
public record DataSets(DataSet train, Optional<DataSet> test) {
  /** Both, transformed. */
  public DataSets apply(Transform transform) {
    return new DataSets(transform.apply(train), test.map(transform::apply));
  }
}
