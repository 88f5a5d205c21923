package modelc.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Pictures with labelled boxes, of which the largest is kept: what a network that finds one object
 * learns. Pictures without any are left out, and counted. How the boxes are written is the reader's
 * business.
 */
final class BoxedPictures implements PictureSource {
  /** A box and its class. */
  record Labelled(int label, Box box) {}

  /** The boxes of a picture file, and the names of all classes where the labels tell them. */
  interface Labels {
    /**
     * @param file of the picture, as the tree of pictures has it
     */
    List<Labelled> of(String file);

    List<String> classNames();
  }

  private final PictureFiles files;
  private final Supplier<Labels> labels;
  private @Nullable Opened opened;

  /**
   * @param labels read when the set is opened
   */
  BoxedPictures(PictureFiles files, Supplier<Labels> labels) {
    this.files = files;
    this.labels = labels;
  }

  @Override
  public Answers answers() {
    return Answers.BOX;
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
    Labels known = labels.get();
    var items = new ArrayList<FilePictures.Item>();
    int without = 0;
    for (String p : pictures) {
      Labelled largest = null;
      for (Labelled l : known.of(p)) {
        if (largest == null || l.box.area() > largest.box.area()) {
          largest = l;
        }
      }
      if (largest == null) {
        without++;
      } else {
        items.add(new FilePictures.Item(p, largest.label, null, largest.box));
      }
    }
    if (items.isEmpty()) {
      throw new modelc.runtime.DataException(
          "D0503",
          "none of the " + pictures.size() + " pictures in " + tree.place() + " has a box",
          "check that the labels belong to these pictures: names are the same up to the ending");
    }
    var notes = new ArrayList<>(PictureFiles.leftOut(tree));
    if (without > 0) {
      notes.add(without + " of " + pictures.size() + " pictures without a box left out");
    }
    return new Opened(
        new FilePictures(tree, null, items), Optional.empty(), known.classNames(), notes);
  }
}
