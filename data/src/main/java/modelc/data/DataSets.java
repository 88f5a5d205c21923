package modelc.data;

import java.util.List;
import java.util.Optional;

/**
 * What a data source gives: samples to train on, and those set aside for the last test where the
 * source has such.
 *
 * @param notes what the user should know of what was read, a sentence each
 */
public record DataSets(DataSet train, Optional<DataSet> test, List<String> notes) {
  public DataSets {
    notes = List.copyOf(notes);
  }
}
