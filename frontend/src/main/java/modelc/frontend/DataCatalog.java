package modelc.frontend;

import java.util.List;
import java.util.Optional;
import modelc.ir.TensorType;

/**
 * Knows what columns a data source has: the front end checks a recipe against them. It reads no
 * data for training.
 */
@FunctionalInterface
public interface DataCatalog {
  /** A column, e.g. {@code image: f32[1,28,28]}; the type is one example's. */
  record Column(String name, TensorType type) {}

  /**
   * The columns of {@code source}, its transforms applied.
   *
   * @throws RefusedException if there is no such source or transform, or its arguments do not fit
   */
  List<Column> columns(DataSource source);

  /** A data source or transform that does not exist or cannot be used so. */
  final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Optional<String> help;
    private final int step;

    public RefusedException(String message, Optional<String> help) {
      this(message, help, -1);
    }

    /**
     * @param step which step is to blame: 0 the source, from 1 on its transforms; -1: all of it
     */
    public RefusedException(String message, Optional<String> help, int step) {
      super(message);
      this.help = help;
      this.step = step;
    }

    /** 0 for the source, from 1 on for its transforms, -1 for all. */
    public int step() {
      return step;
    }

    /** The cure, if one is known. */
    public Optional<String> help() {
      return help;
    }
  }

  /** A catalog that knows no source. */
  static DataCatalog none() {
    return source -> {
      throw new RefusedException(
          "no data source `" + source.name() + "` is known here", Optional.empty());
    };
  }
}
