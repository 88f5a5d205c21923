package modelc.data;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.runtime.DataException;
import org.jspecify.annotations.Nullable;

/**
 * Pictures in one folder or zip file and a mask for each in another, of the same path up to the
 * ending. The mask of yes and no is {@code f32[1,h,w]}, one of more classes {@code i32[h,w]}.
 */
final class ImageMasks implements PictureSource {
  private final PictureFiles files;
  private final java.nio.file.Path masks;
  private final int classes;
  private @Nullable Opened opened;

  /**
   * @param classes how many the masks tell apart; 0: they say yes or no
   */
  ImageMasks(PictureFiles files, java.nio.file.Path masks, int classes) {
    this.files = files;
    this.masks = masks;
    this.classes = classes;
  }

  @Override
  public Answers answers() {
    return classes == 0 ? Answers.MASK : Answers.CLASSES;
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
    FileTree pictures = FileTree.open(files.place());
    FileTree answers = FileTree.open(masks);
    Map<String, String> byStem = byStem(answers);
    var items = new ArrayList<FilePictures.Item>();
    for (Map.Entry<String, String> e : byStem(pictures).entrySet()) {
      String mask = byStem.remove(e.getKey());
      if (mask == null) {
        throw unpaired(pictures.name(e.getValue()), "no mask in " + masks);
      }
      items.add(new FilePictures.Item(e.getValue(), -1, mask, null));
    }
    if (!byStem.isEmpty()) {
      throw unpaired(
          answers.name(byStem.values().iterator().next()), "no picture in " + files.place());
    }
    var notes = new ArrayList<>(PictureFiles.leftOut(pictures));
    notes.addAll(PictureFiles.leftOut(answers));
    items.sort(java.util.Comparator.comparing(FilePictures.Item::file));
    return new Opened(
        new FilePictures(pictures, new FilePictures.Masks(answers, classes), items),
        Optional.empty(),
        List.of(),
        notes);
  }

  private static DataException unpaired(String file, String what) {
    return new DataException(
        "D0501",
        file + " has " + what,
        "give both the same name up to the ending: images/a.jpg and masks/a.png");
  }

  /** The picture files of a tree by path without ending. */
  static Map<String, String> byStem(FileTree tree) {
    var found = new HashMap<String, String>();
    for (String f : tree.files()) {
      if (!PictureFiles.isPicture(f)) {
        continue;
      }
      String other = found.put(PictureFiles.stem(f), f);
      if (other != null) {
        throw new DataException(
            "D0502",
            tree.place() + " has both " + other + " and " + f,
            "keep one of them, or name them differently");
      }
    }
    if (found.isEmpty()) {
      throw PictureFiles.none(tree);
    }
    return found;
  }
}
