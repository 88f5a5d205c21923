package modelc.cli;

import java.util.List;
import java.util.Optional;
import modelc.compiler.Columns;
import modelc.data.Data;
import modelc.data.Request;
import modelc.frontend.DataCatalog;
import modelc.frontend.DataSource;
import modelc.runtime.DataException;
import modelc.runtime.FileException;

/**
 * Tells the front end what columns the data sources of the data module have. It reads no samples.
 */
final class Catalog implements DataCatalog {
  private final Datasets.Reach reach;

  Catalog(Datasets.Reach reach) {
    this.reach = reach;
  }

  @Override
  public List<Column> columns(DataSource source) {
    Request request = Datasets.request(source, reach, 1);
    try {
      return Data.columns(request).stream().map(Columns::of).toList();
    } catch (DataException e) {
      throw new RefusedException(
          String.valueOf(e.getMessage()), Optional.of(e.cure()), blamed(request, e));
    }
  }

  /** The step from which on the data are refused so; -1 if no single one is to blame. */
  private static int blamed(Request request, DataException all) {
    for (int steps = 0; steps <= request.transforms().size(); steps++) {
      try {
        Data.columns(request.upTo(steps));
      } catch (DataException e) {
        if (String.valueOf(e.getMessage()).equals(all.getMessage())) {
          return steps;
        }
      } catch (FileException e) {
        // With fewer transforms more would have to be read: that says nothing, so look on.
      }
    }
    return -1;
  }
}
