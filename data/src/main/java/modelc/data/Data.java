package modelc.data;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.runtime.Column;
import modelc.runtime.DataException;

/**
 * The data sources that a .model file can name: {@code digits(count = 12000, seed = 1)}, {@code
 * mnist("folder", split = "train")}, {@code csv("file", label = "column")}. Files are looked for
 * from the .model file's folder.
 */
public final class Data {
  private static final List<String> NAMES = List.of("digits", "mnist", "csv");

  /** Test samples of {@code digits}: the first after those to train on. */
  private static final int DIGITS_TEST = 2000;

  private Data() {}

  /**
   * Opens a source.
   *
   * @param arguments by position; text, whole numbers, lists of these
   * @param folder where relative paths start
   * @throws DataException if there is no such source, the arguments do not fit, or a file is
   *     damaged
   * @throws modelc.runtime.FileException if a file cannot be read
   */
  public static DataSets open(
      String name, List<Object> arguments, Map<String, Object> named, Path folder) {
    Arguments given = arguments(name, arguments, named);
    return switch (name) {
      case "digits" -> {
        int count = (int) given.integer("count", 12_000, 1, 100_000_000);
        long seed = given.integer("seed", 1, Long.MIN_VALUE, Long.MAX_VALUE);
        yield new DataSets(
            new Digits(seed, 0, count), Optional.of(new Digits(seed, count, DIGITS_TEST)));
      }
      case "mnist" -> Mnist.open(path(given.string("dir"), folder), split(given));
      case "csv" -> new DataSets(csv(given, folder).read(), Optional.empty());
      default -> throw unknown(name);
    };
  }

  /**
   * The columns a source has, read no further than that needs.
   *
   * @throws DataException as {@link #open} does
   */
  public static List<Column> columns(
      String name, List<Object> arguments, Map<String, Object> named, Path folder) {
    Arguments given = arguments(name, arguments, named);
    return switch (name) {
      case "digits" -> GrayImages.COLUMNS;
      case "mnist" -> {
        given.string("dir");
        split(given);
        yield GrayImages.COLUMNS;
      }
      case "csv" -> csv(given, folder).columns();
      default -> throw unknown(name);
    };
  }

  private static Arguments arguments(
      String name, List<Object> arguments, Map<String, Object> named) {
    List<String> parameters =
        switch (name) {
          case "digits" -> List.of("count", "seed");
          case "mnist" -> List.of("dir", "split");
          case "csv" -> List.of("file", "label", "target", "ignore", "separator");
          default -> throw unknown(name);
        };
    return new Arguments(name, parameters, arguments, named);
  }

  private static DataException unknown(String name) {
    return new DataException(
        "D0101",
        "no data source is called " + name,
        Arguments.suggestion(name, NAMES) + "there are " + String.join(", ", NAMES));
  }

  private static String split(Arguments given) {
    String split = given.optionalString("split").orElse("train");
    if (!List.of("train", "test").contains(split)) {
      throw new DataException(
          "D0205", "mnist has no split \"" + split + '"', "use split = \"train\" or \"test\"");
    }
    return split;
  }

  private static Csv csv(Arguments given, Path folder) {
    String separator = given.optionalString("separator").orElse(",");
    if (given.has("label") == given.has("target") || separator.length() != 1) {
      throw new DataException(
          "D0301",
          "csv(...) needs either label or target, and a separator of one character",
          "write csv(\"file.csv\", label = \"species\") for classes, target = \"price\" for numbers");
    }
    boolean classes = given.has("label");
    return new Csv(
        path(given.string("file"), folder),
        given.string(classes ? "label" : "target"),
        classes,
        given.strings("ignore"),
        separator.charAt(0));
  }

  private static Path path(String text, Path folder) {
    try {
      return folder.resolve(text).normalize();
    } catch (InvalidPathException e) {
      throw new DataException(
          "D0103", "not a path: " + e.getMessage(), "name a file or folder that exists", e);
    }
  }
}
