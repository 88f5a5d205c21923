package modelc.data;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Pictures in files, decoded each time they are read. */
final class FilePictures implements Pictures {
  /**
   * One picture.
   *
   * @param mask the file of its mask
   * @param box around its object
   */
  record Item(String file, int label, @Nullable String mask, @Nullable Box box) {}

  /** Where masks are, and how many classes they have; 0: they say yes or no. */
  record Masks(FileTree tree, int classes) {}

  private final FileTree tree;
  private final @Nullable Masks masks;
  private final List<Item> items;

  FilePictures(FileTree tree, @Nullable Masks masks, List<Item> items) {
    this.tree = tree;
    this.masks = masks;
    this.items = List.copyOf(items);
  }

  @Override
  public int count() {
    return items.size();
  }

  @Override
  public Example read(int i, long epoch) {
    Item item = items.get(i);
    Picture image = decode(tree, item.file, false);
    Picture mask = null;
    if (masks != null && item.mask != null) {
      mask = classes(masks, item.mask, decode(masks.tree, item.mask, true));
      if (!mask.size().equals(image.size())) {
        throw new BadPictureException(
            masks.tree.name(item.mask),
            "it is " + mask.size() + ", its picture " + tree.name(item.file) + " " + image.size());
      }
    }
    return new Example(image, item.label, mask, item.box);
  }

  private static Picture decode(FileTree tree, String file, boolean mask) {
    try {
      byte[] bytes = tree.read(file);
      return mask ? ImageDecoder.decodeMask(bytes) : ImageDecoder.decode(bytes);
    } catch (IOException e) {
      throw new BadPictureException(tree.name(file), "it cannot be read: " + e.getMessage(), e);
    } catch (ImageDecoder.Undecodable e) {
      throw new BadPictureException(tree.name(file), String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Yes or no: 1, or 128 and up, as pictures of masks have it, is yes. Else the classes checked.
   */
  private static Picture classes(Masks masks, String file, Picture mask) {
    byte[] values = mask.values();
    if (masks.classes > 0) {
      for (int v = 0; v < values.length; v++) {
        if ((values[v] & 0xff) >= masks.classes) {
          throw new BadPictureException(
              masks.tree.name(file),
              "it has class " + (values[v] & 0xff) + " of " + masks.classes + ", counted from 0");
        }
      }
      return mask;
    }
    var yes = new byte[values.length];
    for (int v = 0; v < values.length; v++) {
      yes[v] = (byte) (values[v] == 1 || values[v] < 0 ? 1 : 0);
    }
    return new Picture(1, mask.size(), yes);
  }

  /** The size its header states. */
  Size size(int i) {
    String file = items.get(i).file;
    try {
      return ImageDecoder.size(tree.read(file));
    } catch (IOException e) {
      throw new BadPictureException(tree.name(file), "it cannot be read: " + e.getMessage(), e);
    } catch (ImageDecoder.Undecodable e) {
      throw new BadPictureException(tree.name(file), String.valueOf(e.getMessage()), e);
    }
  }

  @Override
  public String name(int i) {
    return tree.name(items.get(i).file);
  }

  @Override
  public int label(int i) {
    return items.get(i).label;
  }

  @Override
  public boolean costly() {
    return true;
  }
}
