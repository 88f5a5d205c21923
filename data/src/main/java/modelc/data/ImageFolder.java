package modelc.data;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import modelc.runtime.DataException;
import org.jspecify.annotations.Nullable;

/**
 * Pictures in a folder a class, {@code class/name.jpg}, or in such folders a split, {@code
 * train/class/name.jpg}; a zip file may hold the tree. Classes are numbered in the order of their
 * names, of numbers in that of the numbers.
 */
final class ImageFolder implements PictureSource {
  private static final Pattern NUMBER = Pattern.compile("\\d{1,9}");

  private final PictureFiles files;
  private final Optional<String> split;
  private @Nullable Opened opened;

  ImageFolder(PictureFiles files, Optional<String> split) {
    this.files = files;
    this.split = split;
  }

  /** Picture files by class. */
  private static final class Classes {
    final TreeMap<String, List<String>> files =
        new TreeMap<>(
            Comparator.comparingInt((String c) -> isNumber(c) ? Integer.parseInt(c) : -1)
                .thenComparing(Comparator.naturalOrder()));
  }

  private static boolean isNumber(String text) {
    return NUMBER.matcher(text).matches();
  }

  @Override
  public Answers answers() {
    return Answers.LABEL;
  }

  @Override
  public int channels() {
    return 3;
  }

  @Override
  public Optional<Size> stated() {
    return files.stated();
  }

  @Override
  public Size size() {
    return files.stated().orElseGet(() -> files.size(open()));
  }

  @Override
  public Bad bad() {
    return files.bad();
  }

  @Override
  public Optional<Long> cacheBytes() {
    return files.cacheBytes();
  }

  @Override
  public Opened open() {
    if (opened == null) {
      opened = read();
    }
    return opened;
  }

  private Opened read() {
    FileTree tree = FileTree.open(files.place());
    List<String> pictures = tree.files().stream().filter(PictureFiles::isPicture).toList();
    if (pictures.isEmpty()) {
      throw PictureFiles.none(tree);
    }
    String root = root(pictures);
    Set<String> top = new TreeSet<>();
    pictures.forEach(p -> top.add(head(p.substring(root.length()))));
    boolean splits = isSplit(pictures, root + "train/") || isSplit(pictures, root + "test/");
    if (split.isPresent() && !(splits && top.contains(split.get()))) {
      throw new DataException(
          "D0407",
          files.place() + " has no split \"" + split.get() + '"',
          splits
              ? Arguments.suggestion(split.get(), List.copyOf(top))
                  + "there are "
                  + String.join(", ", top)
              : "its folders are classes: leave out split, or sort them into train/ and test/");
    }
    String part = splits ? split.orElse("train") : "";
    if (splits && !top.contains(part)) {
      throw new DataException(
          "D0407", files.place() + " has no split \"train\"", "write split = \"test\"");
    }
    Classes train = classes(tree, pictures, splits ? root + part + "/" : root);
    Optional<Classes> test =
        splits && split.isEmpty() && top.contains("test")
            ? Optional.of(classes(tree, pictures, root + "test/"))
            : Optional.empty();
    test.ifPresent(t -> checkSame(train, t));
    List<String> names = List.copyOf(train.files.keySet());
    return new Opened(
        new FilePictures(tree, null, items(train)),
        test.map(t -> new FilePictures(tree, null, items(t))),
        names,
        PictureFiles.leftOut(tree));
  }

  /** The folder around everything that many zip files have; empty if there is none. */
  private static String root(List<String> pictures) {
    String root = "";
    while (true) {
      String inner = root + head(pictures.getFirst().substring(root.length())) + "/";
      for (String p : pictures) {
        // A folder with pictures of its own is a class.
        if (!p.startsWith(inner) || p.indexOf('/', inner.length()) < 0) {
          return root;
        }
      }
      if (inner.endsWith("/train/") || inner.equals("train/") || inner.equals("test/")) {
        return root;
      }
      root = inner;
    }
  }

  private static String head(String path) {
    int slash = path.indexOf('/');
    return slash < 0 ? path : path.substring(0, slash);
  }

  /** Whether pictures stand two folders deep in {@code folder}. */
  private static boolean isSplit(List<String> pictures, String folder) {
    return pictures.stream()
        .anyMatch(p -> p.startsWith(folder) && p.indexOf('/', folder.length()) > 0);
  }

  private Classes classes(FileTree tree, List<String> pictures, String folder) {
    var classes = new Classes();
    for (String p : pictures) {
      if (!p.startsWith(folder)) {
        continue;
      }
      int slash = p.indexOf('/', folder.length());
      if (slash < 0) {
        throw new DataException(
            "D0408",
            tree.name(p) + " stands outside the folders of the classes",
            "put each picture into the folder of its class: class/name.jpg");
      }
      classes
          .files
          .computeIfAbsent(p.substring(folder.length(), slash), _ -> new ArrayList<>())
          .add(p);
    }
    for (String f : tree.folders()) {
      boolean direct = f.startsWith(folder) && f.indexOf('/', folder.length()) < 0;
      if (direct && !classes.files.containsKey(f.substring(folder.length()))) {
        throw new DataException(
            "D0409",
            "the folder " + tree.name(f) + " of a class has no pictures",
            "put pictures there, or remove the folder");
      }
    }
    return classes;
  }

  private void checkSame(Classes train, Classes test) {
    var missing = new TreeSet<>(train.files.keySet());
    missing.removeAll(test.files.keySet());
    var unknown = new TreeSet<>(test.files.keySet());
    unknown.removeAll(new HashSet<>(train.files.keySet()));
    if (missing.isEmpty() && unknown.isEmpty()) {
      return;
    }
    String what =
        unknown.isEmpty()
            ? "the test pictures lack " + words(missing) + ", which the training pictures have"
            : "the test pictures have " + words(unknown) + ", which the training pictures lack";
    throw new DataException(
        "D0410",
        files.place() + ": " + what,
        "give both the same classes, or read one alone with split = \"train\"");
  }

  private static String words(Set<String> classes) {
    return (classes.size() == 1 ? "class " : "classes ") + String.join(", ", classes);
  }

  private static List<FilePictures.Item> items(Classes classes) {
    var items = new ArrayList<FilePictures.Item>();
    int label = 0;
    for (List<String> of : classes.files.values()) {
      for (String file : of) {
        items.add(new FilePictures.Item(file, label, null, null));
      }
      label++;
    }
    return items;
  }
}
