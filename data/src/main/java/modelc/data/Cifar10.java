package modelc.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import modelc.runtime.DataException;
import modelc.runtime.FileException;
import modelc.runtime.ModelcException;

/**
 * CIFAR-10 in its binary form (Krizhevsky 2009): {@code data_batch_1.bin} to {@code
 * data_batch_5.bin} and {@code test_batch.bin}, records of a label and 3 x 32 x 32 bytes. It
 * downloads and unpacks nothing.
 */
record Cifar10(Path folder, String split) implements PictureSource {
  private static final int SIDE = 32;
  private static final int PIXELS = 3 * SIDE * SIDE;
  private static final int RECORD = 1 + PIXELS;

  /** Records of one file at most: ten times the real one's. */
  private static final long MAX_RECORDS = 100_000;

  static final List<String> CLASSES =
      List.of(
          "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

  private static final List<String> TRAIN =
      IntStream.rangeClosed(1, 5).mapToObj(i -> "data_batch_" + i + ".bin").toList();
  private static final List<String> TEST = List.of("test_batch.bin");

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
    return Optional.of(size());
  }

  @Override
  public Size size() {
    return new Size(SIDE, SIDE);
  }

  @Override
  public Opened open() {
    Pictures first = read(split.equals("test") ? TEST : TRAIN);
    boolean both = split.equals("train") && Files.exists(folder.resolve(TEST.getFirst()));
    return new Opened(
        first,
        split.equals("test")
            ? Optional.of(first)
            : both ? Optional.of(read(TEST)) : Optional.empty(),
        CLASSES,
        List.of());
  }

  private Pictures read(List<String> names) {
    var blocks = new byte[names.size()][];
    var labels = new byte[names.size()][];
    int count = 0;
    for (int f = 0; f < blocks.length; f++) {
      Path file = folder.resolve(names.get(f));
      byte[] records = records(file);
      int n = records.length / RECORD;
      blocks[f] = new byte[n * PIXELS];
      labels[f] = new byte[n];
      for (int i = 0; i < n; i++) {
        byte label = records[i * RECORD];
        if (label < 0 || label >= CLASSES.size()) {
          throw damaged(
              file,
              (long) i * RECORD,
              "the label of record " + i + " is " + (label & 0xff) + ", not from 0 to 9");
        }
        labels[f][i] = label;
        System.arraycopy(records, i * RECORD + 1, blocks[f], i * PIXELS, PIXELS);
      }
      count += n;
    }
    var all = new byte[count];
    int at = 0;
    for (byte[] some : labels) {
      System.arraycopy(some, 0, all, at, some.length);
      at += some.length;
    }
    return new MemoryPictures(folder.toString(), 3, size(), blocks, all);
  }

  private byte[] records(Path file) {
    if (!Files.exists(file)) {
      throw new FileException(
          "D0601",
          folder + " has no " + file.getFileName(),
          "put the six files of CIFAR-10's binary version there; " + Request.RELATIVE);
    }
    try {
      if (!Files.isRegularFile(file)) {
        throw new IOException("it is no file");
      }
      long bytes = Files.size(file);
      if (bytes == 0 || bytes % RECORD != 0 || bytes / RECORD > MAX_RECORDS) {
        throw damaged(
            file,
            bytes,
            "its " + bytes + " bytes are not some records of " + RECORD + " bytes each");
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new FileException(
          "D0602", "cannot read " + file + ": " + e.getMessage(), "check that you may read it", e);
    }
  }

  private static ModelcException damaged(Path file, long at, String what) {
    return new DataException(
            "D0603",
            file + " is no sound CIFAR-10 file: " + what,
            "fetch the binary version again, unpack it, and compare its checksum")
        .atByte(file, at);
  }
}
