package modelc.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import modelc.runtime.Column;
import modelc.runtime.DataException;

/**
 * The data sources that a .model file can name, and what its transforms make of them. Files are
 * looked for from the .model file's folder.
 */
public final class Data {
  private static final List<String> NAMES =
      List.of(
          "digits",
          "mnist",
          "cifar10",
          "image_folder",
          "image_masks",
          "yolo_boxes",
          "coco_boxes",
          "csv");

  private Data() {}

  /**
   * Opens a source.
   *
   * @throws DataException if there is no such source or transform, the arguments do not fit, or a
   *     file is damaged
   * @throws modelc.runtime.FileException if a file cannot be read
   */
  public static DataSets open(Request request) {
    List<Transform> transforms = transforms(request);
    if (request.source().name().equals("csv")) {
      refuseTransforms(transforms);
      return new DataSets(csv(request).read(), Optional.empty(), List.of());
    }
    PictureSource source = source(request);
    PictureSource.Opened opened = source.open();
    boolean sized = transforms.stream().anyMatch(Transform::needsSize);
    Optional<Size> first = sized ? Optional.of(source.size()) : source.stated();
    var form =
        new PictureSet.Form(
            source.answers(),
            request.channels(source.channels()),
            first,
            finalSize(source, transforms),
            transforms,
            opened.classNames(),
            request.seed(),
            source.cacheBytes().orElse(PictureCache.DEFAULT_BYTES));
    var notes = new ArrayList<>(opened.notes());
    boolean skip = source.bad() == PictureSource.Bad.SKIP;
    Pictures train = skip ? GoodPictures.of(opened.train(), notes) : opened.train();
    Optional<Pictures> test =
        opened
            .test()
            .map(t -> t.equals(opened.train()) ? train : skip ? GoodPictures.of(t, notes) : t);
    return new DataSets(new PictureSet(form, train), test.map(t -> new PictureSet(form, t)), notes);
  }

  /**
   * The columns a source has after the transforms, read no further than that needs.
   *
   * @throws DataException as {@link #open} does
   */
  public static List<Column> columns(Request request) {
    List<Transform> transforms = transforms(request);
    if (request.source().name().equals("csv")) {
      refuseTransforms(transforms);
      return csv(request).columns();
    }
    PictureSource source = source(request);
    return source
        .answers()
        .columns(request.channels(source.channels()), finalSize(source, transforms));
  }

  /**
   * Pictures to predict on.
   *
   * @param places folders, zip files and single files
   * @param recipe whose way pictures take; without one they are brought to the model's size
   * @param image what the model reads, {@code f32[c,h,w]}
   * @throws DataException if there are no pictures there, or the model reads none
   * @throws modelc.runtime.FileException if a place is not there or cannot be read
   */
  public static NewPictures pictures(List<Path> places, Optional<Request> recipe, Column image) {
    List<Long> shape = image.shape();
    if (shape.size() != 3 || shape.getFirst() != 1 && shape.getFirst() != 3) {
      throw new DataException(
          "D0416",
          "the model reads " + image + ", which no picture is",
          "pictures are f32[1,h,w] or f32[3,h,w]; give other inputs as .npy files");
    }
    boolean pictures = recipe.isPresent() && !recipe.get().source().name().equals("csv");
    return new NewPictures(
        places.stream().map(FileTree::ofFiles).toList(),
        Math.toIntExact(shape.getFirst()),
        new Size(Math.toIntExact(shape.get(1)), Math.toIntExact(shape.get(2))),
        pictures ? source(recipe.get()).stated() : Optional.empty(),
        pictures ? transforms(recipe.get()) : List.of());
  }

  /** Whether a recipe's data leave out files that cannot be used. */
  public static boolean skipsBad(Request recipe) {
    return !recipe.source().name().equals("csv") && source(recipe).bad() == PictureSource.Bad.SKIP;
  }

  /** The size of all pictures in the end; files are looked into only where nothing else tells. */
  private static Size finalSize(PictureSource source, List<Transform> transforms) {
    return after(source.stated(), transforms)
        .orElseGet(() -> after(Optional.of(source.size()), transforms).orElseThrow());
  }

  private static Optional<Size> after(Optional<Size> size, List<Transform> transforms) {
    for (Transform t : transforms) {
      size = t.after(size);
    }
    return size;
  }

  private static List<Transform> transforms(Request request) {
    return request.transforms().stream().map(Transform::of).toList();
  }

  private static void refuseTransforms(List<Transform> transforms) {
    if (!transforms.isEmpty()) {
      throw new DataException(
          "D0107",
          transforms.getFirst() + " finds no image: a table has none",
          "transform a source of pictures, or leave it out");
    }
  }

  private static PictureSource source(Request request) {
    Step s = request.source();
    return switch (s.name()) {
      case "digits" -> {
        Arguments given = new Arguments(s, List.of("count", "seed"));
        yield new DigitSource(
            (int) given.integer("count", 12_000, 1, 100_000_000),
            given.integer("seed", 1, Long.MIN_VALUE, Long.MAX_VALUE));
      }
      case "mnist" -> {
        Arguments given = new Arguments(s, List.of("dir", "split"));
        yield new MnistSource(path(given.string("dir"), request), split(given));
      }
      case "cifar10" -> {
        Arguments given = new Arguments(s, List.of("dir", "split"));
        yield new Cifar10(path(given.string("dir"), request), split(given));
      }
      case "image_folder" -> {
        Arguments given = new Arguments(s, List.of("place", "size", "split", "bad", "cache"));
        yield new ImageFolder(
            PictureFiles.of(given, path(given.string("place"), request)),
            given.optionalString("split"));
      }
      case "image_masks" -> {
        Arguments given =
            new Arguments(s, List.of("images", "masks", "classes", "size", "bad", "cache"));
        yield new ImageMasks(
            PictureFiles.of(given, path(given.string("images"), request)),
            path(given.string("masks"), request),
            given.has("classes") ? (int) given.integer("classes", 2, 256) : 0);
      }
      case "yolo_boxes" -> {
        Arguments given =
            new Arguments(s, List.of("images", "labels", "names", "size", "bad", "cache"));
        Path labels = path(given.string("labels"), request);
        List<String> names = given.strings("names");
        yield new BoxedPictures(
            PictureFiles.of(given, path(given.string("images"), request)),
            () -> new YoloLabels(FileTree.open(labels), names));
      }
      case "coco_boxes" -> {
        Arguments given = new Arguments(s, List.of("images", "labels", "size", "bad", "cache"));
        Path labels = path(given.string("labels"), request);
        yield new BoxedPictures(
            PictureFiles.of(given, path(given.string("images"), request)),
            () -> CocoLabels.read(labels));
      }
      default -> throw unknown(s.name());
    };
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
          "D0205",
          given.callee() + " has no split \"" + split + '"',
          "use split = \"train\" or \"test\"");
    }
    return split;
  }

  private static Csv csv(Request request) {
    Arguments given =
        new Arguments(request.source(), List.of("file", "label", "target", "ignore", "separator"));
    String separator = given.optionalString("separator").orElse(",");
    if (given.has("label") == given.has("target") || separator.length() != 1) {
      throw new DataException(
          "D0301",
          "csv(...) needs either label or target, and a separator of one character",
          "write csv(\"file.csv\", label = \"species\") for classes, target = \"price\" for"
              + " numbers");
    }
    boolean classes = given.has("label");
    return new Csv(
        path(given.string("file"), request),
        given.string(classes ? "label" : "target"),
        classes,
        given.strings("ignore"),
        separator.charAt(0));
  }

  private static Path path(String text, Request request) {
    try {
      Path path = request.folder().resolve(text).normalize();
      request
          .within()
          .filter(w -> leadsOut(path, w))
          .ifPresent(
              w -> {
                throw new DataException(
                    "D0109",
                    text + " is outside of " + w + ", which the file may read",
                    "put the data there, give them on the command line (data=NAME:PATH), or let the"
                        + " file read more with --root FOLDER");
              });
      if (request.within().isPresent() && isDevice(path)) {
        throw new DataException(
            "D0103", text + " is neither a file nor a folder", "name a file or folder that exists");
      }
      return path;
    } catch (InvalidPathException e) {
      throw new DataException(
          "D0103", "not a path: " + e.getMessage(), "name a file or folder that exists", e);
    }
  }

  private static boolean isDevice(Path path) {
    return Files.exists(path) && !Files.isRegularFile(path) && !Files.isDirectory(path);
  }

  /** Whether {@code path}, or what it is a symbolic link to, is not in {@code folder}. */
  private static boolean leadsOut(Path path, Path folder) {
    if (!path.toAbsolutePath().startsWith(folder.toAbsolutePath().normalize())) {
      return true;
    }
    try {
      return Files.exists(path) && !path.toRealPath().startsWith(folder.toRealPath());
    } catch (IOException e) {
      return true;
    }
  }
}
