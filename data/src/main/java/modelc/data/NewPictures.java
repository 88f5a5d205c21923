package modelc.data;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import modelc.runtime.DataException;

/**
 * Pictures to predict on: files without answers, of any sizes, each on the way that a recipe's
 * pictures take to the model, random changes left out. What the recipe does not bring to the
 * model's size is stretched to it. Safe from any thread.
 */
public final class NewPictures {
  /**
   * A picture and what the model is to see of it.
   *
   * @param picture as it is in the file
   * @param parts of the model's size: one, or as many as the recipe cuts tiles
   * @param stretched whether the recipe alone would not have given the model's size
   */
  public record Prepared(Picture picture, List<Part> parts, boolean stretched) {
    public Prepared {
      parts = List.copyOf(parts);
    }
  }

  /** What the model sees, and which rectangle of the picture it is. */
  public record Part(Picture image, Frame frame) {}

  private record File(FileTree tree, String path) {}

  private final List<File> files = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final int channels;
  private final Size wanted;
  private final Optional<Size> stated;
  private final List<Transform> transforms;

  /**
   * @param stated size of the recipe's pictures before its transforms, where it says so
   */
  NewPictures(
      List<FileTree> places,
      int channels,
      Size wanted,
      Optional<Size> stated,
      List<Transform> transforms) {
    this.channels = channels;
    this.wanted = wanted;
    this.stated = stated;
    this.transforms = transforms;
    for (FileTree tree : places) {
      List<String> found = tree.files().stream().filter(PictureFiles::isPicture).toList();
      if (found.isEmpty()) {
        throw PictureFiles.none(tree);
      }
      found.forEach(f -> files.add(new File(tree, f)));
      notes.addAll(PictureFiles.leftOut(tree));
    }
  }

  /** How many files. */
  public int count() {
    return files.size();
  }

  /** What the user should know, a sentence each. */
  public List<String> notes() {
    return notes;
  }

  /** The path of a file inside the folder or zip file it was found in. */
  public String path(int i) {
    return files.get(i).path;
  }

  /** Where a file is, as a message names it. */
  public String name(int i) {
    return files.get(i).tree.name(files.get(i).path);
  }

  /**
   * Decodes and prepares a picture.
   *
   * @throws DataException if it cannot be used
   */
  public Prepared read(int i) {
    File file = files.get(i);
    try {
      return prepared(ImageDecoder.decode(file.tree.read(file.path)), name(i));
    } catch (IOException e) {
      throw unusable(i, "it cannot be read: " + e.getMessage(), e);
    } catch (ImageDecoder.Undecodable e) {
      throw unusable(i, String.valueOf(e.getMessage()), e);
    }
  }

  private DataException unusable(int i, String why, Exception cause) {
    return new DataException(
        "D0415",
        name(i) + " is no usable picture: " + why,
        "mend or remove it, or leave out all such with --bad skip",
        cause);
  }

  private Prepared prepared(Picture picture, String name) {
    Example first = Example.labelled(picture.withChannels(channels), 0);
    boolean resized = !transforms.isEmpty() && transforms.getFirst() instanceof Transform.Resize;
    boolean stretched =
        !resized && stated.isPresent() && !stated.get().equals(first.image().size());
    Example begin = stretched ? first.resize(stated.orElseThrow()) : first;
    Pictures made = new One(begin, name);
    Optional<Size> now = Optional.of(begin.image().size());
    for (Transform t : transforms) {
      made = t.apply(made, now, 0);
      now = t.after(now);
    }
    var parts = new ArrayList<Part>();
    for (int k = 0; k < made.count(); k++) {
      Example e = made.read(k, 0);
      stretched |= !e.image().size().equals(wanted);
      parts.add(new Part(e.resize(wanted).image(), e.frame()));
    }
    return new Prepared(picture, parts, stretched);
  }

  /** A single picture. */
  private record One(Example example, String called) implements Pictures {
    @Override
    public int count() {
      return 1;
    }

    @Override
    public Example read(int i, long epoch) {
      return example;
    }

    @Override
    public String name(int i) {
      return called;
    }

    @Override
    public int label(int i) {
      return -1;
    }

    @Override
    public boolean costly() {
      return false;
    }
  }
}
