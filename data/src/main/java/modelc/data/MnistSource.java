package modelc.data;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import modelc.runtime.DataException;
import modelc.runtime.FileException;
import modelc.runtime.ModelcException;

/**
 * MNIST from its four IDX files, gzipped or not, read whole and checked: magic numbers, sizes,
 * counts, labels. It downloads nothing.
 */
record MnistSource(Path folder, String split) implements PictureSource {
  /** Five times the real set's: the largest of its kin, EMNIST, still fits. */
  private static final int MAX_COUNT = 300_000;

  private static final int IMAGES_MAGIC = 0x803;
  private static final int LABELS_MAGIC = 0x801;

  private static final Size SIZE = new Size(28, 28);
  private static final int PIXELS = 28 * 28;

  @Override
  public Answers answers() {
    return Answers.LABEL;
  }

  @Override
  public int channels() {
    return 1;
  }

  @Override
  public Optional<Size> stated() {
    return Optional.of(SIZE);
  }

  @Override
  public Size size() {
    return SIZE;
  }

  @Override
  public Opened open() {
    Pictures first = read(folder, split.equals("test") ? "t10k" : "train");
    Optional<Pictures> test =
        split.equals("test")
            ? Optional.of(first)
            : has(folder, "t10k") ? Optional.of(read(folder, "t10k")) : Optional.empty();
    return new Opened(first, test, List.of(), List.of());
  }

  /**
   * Reads one part.
   *
   * @param part {@code train} or {@code t10k}
   */
  static Pictures read(Path folder, String part) {
    Path imageFile = find(folder, part, "images", 3);
    Path labelFile = find(folder, part, "labels", 1);
    byte[] images = idx(imageFile, IMAGES_MAGIC, SIZE.height(), SIZE.width());
    byte[] labels = idx(labelFile, LABELS_MAGIC);
    int count = images.length / PIXELS;
    if (count != labels.length) {
      throw damaged(
          imageFile,
          4,
          "it has " + count + " images, and " + labelFile + " " + labels.length + " labels");
    }
    for (int i = 0; i < labels.length; i++) {
      if ((labels[i] & 0xff) > 9) {
        throw damaged(
            labelFile, 8 + i, "label " + i + " is " + (labels[i] & 0xff) + ", not from 0 to 9");
      }
    }
    return new MemoryPictures(folder.toString(), 1, SIZE, new byte[][] {images}, labels);
  }

  /** Whether {@code folder} has that part. */
  static boolean has(Path folder, String part) {
    return names(part, "images", 3).stream().anyMatch(n -> Files.exists(folder.resolve(n)));
  }

  private static List<String> names(String part, String what, int rank) {
    var names = new ArrayList<String>();
    for (String separator : new String[] {"-", "."}) {
      String name = part + "-" + what + separator + "idx" + rank + "-ubyte";
      names.add(name);
      names.add(name + ".gz");
    }
    return names;
  }

  /** The file that holds {@code what} of a part. */
  private static Path find(Path folder, String part, String what, int rank) {
    if (!Files.isDirectory(folder)) {
      throw new FileException(
          "D0201",
          "there is no folder " + folder,
          "give mnist(...) the folder with the four IDX files; " + Request.RELATIVE);
    }
    List<String> names = names(part, what, rank);
    return names.stream()
        .map(folder::resolve)
        .filter(Files::exists)
        .findFirst()
        .orElseThrow(
            () ->
                new FileException(
                    "D0202",
                    folder + " has no " + names.getFirst() + ", gzipped or not",
                    "put the four IDX files of MNIST there: train-images, train-labels,"
                        + " t10k-images, t10k-labels"
                        + "; "
                        + Request.RELATIVE));
  }

  /** The data of an IDX file of bytes with those inner sizes. */
  private static byte[] idx(Path file, int magic, int... inner) {
    try (InputStream raw = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        InputStream plain = unzipped(raw);
        DataInputStream in = new DataInputStream(plain)) {
      int found = in.readInt();
      if (found != magic) {
        throw damaged(file, 0, String.format("it starts with %08x, not with %08x", found, magic));
      }
      int count = in.readInt();
      if (count < 1 || count > MAX_COUNT) {
        throw damaged(file, 4, "it claims " + Integer.toUnsignedString(count) + " items");
      }
      int size = count;
      int at = 8;
      for (int wanted : inner) {
        int side = in.readInt();
        if (side != wanted) {
          throw damaged(
              file,
              at,
              "its images are "
                  + Integer.toUnsignedString(side)
                  + " pixels wide or high, not "
                  + wanted);
        }
        size *= side;
        at += Integer.BYTES;
      }
      // Read as it comes, not allocated as claimed: the claim may be a lie.
      byte[] data = in.readNBytes(size);
      if (data.length < size) {
        throw damaged(
            file, at + data.length, "it ends after " + data.length + " of " + size + " bytes");
      }
      if (in.read() != -1) {
        throw damaged(file, at + size, "it goes on after its " + size + " bytes");
      }
      return data;
    } catch (EOFException e) {
      throw damaged(file, file.toFile().length(), "it ends early");
    } catch (ZipException e) {
      throw damaged(file, 0, "its gzip stream is broken (" + e.getMessage() + ")");
    } catch (IOException e) {
      throw new FileException(
          "D0203", "cannot read " + file + ": " + e.getMessage(), "check that you may read it", e);
    }
  }

  private static InputStream unzipped(InputStream raw) throws IOException {
    raw.mark(2);
    boolean zipped = raw.read() == 0x1f && raw.read() == 0x8b;
    raw.reset();
    return zipped ? new GZIPInputStream(raw, 1 << 16) : raw;
  }

  /**
   * @param at the byte, of what is unpacked if it is packed
   */
  private static ModelcException damaged(Path file, long at, String what) {
    return new DataException(
            "D0204",
            file + " is not a sound MNIST file: " + what,
            "fetch it again, and compare its checksum")
        .atByte(file, at);
  }
}
