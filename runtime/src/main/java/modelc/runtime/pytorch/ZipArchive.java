package modelc.runtime.pytorch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * The format since PyTorch 1.6: a zip of data.pkl and a file for each storage, none compressed.
 * Checksums are not compared: PyTorch can be told to leave them out.
 */
final class ZipArchive implements Archive {
  private final Path path;
  private final ZipFile zip;
  private final Refusals refusals;
  private final String folder;

  private ZipArchive(Path path, ZipFile zip, Refusals refusals) {
    this.path = path;
    this.zip = zip;
    this.refusals = refusals;
    this.folder = folder();
  }

  static ZipArchive open(Path path, Refusals refusals) throws IOException {
    ZipFile zip;
    try {
      zip = new ZipFile(path.toFile());
    } catch (ZipException e) {
      throw refusals.damaged("it is no whole zip file (" + e.getMessage() + ")");
    }
    try {
      var archive = new ZipArchive(path, zip, refusals);
      archive.checkByteOrder();
      return archive;
    } catch (IOException | RuntimeException e) {
      zip.close();
      throw e;
    }
  }

  /** The folder that all files of the archive are in. */
  private String folder() {
    List<String> found =
        zip.stream()
            .map(ZipEntry::getName)
            .filter(n -> n.endsWith("/data.pkl") && n.indexOf('/') == n.lastIndexOf('/'))
            .toList();
    if (found.size() != 1) {
      throw refusals.unknown("it is a zip file without PyTorch's data.pkl", CURE);
    }
    String name = found.getFirst();
    String start = name.substring(0, name.length() - "data.pkl".length());
    if (zip.getEntry(start + "constants.pkl") != null) {
      throw refusals.unknown(
          "it is a TorchScript program, not a file of tensors",
          "save the weights: torch.save(torch.jit.load(path).state_dict(), \"w.pt\")");
    }
    return start;
  }

  private void checkByteOrder() throws IOException {
    if (zip.getEntry(folder + "byteorder") != null
        && !new String(small("byteorder", 64), StandardCharsets.UTF_8).strip().equals("little")) {
      throw refusals.unknown("it was saved on a big-endian machine", CURE);
    }
  }

  @Override
  public Pickled root() throws IOException {
    return Unpickler.read(small("data.pkl", MAX_PICKLE_BYTES), 0, refusals).value();
  }

  private byte[] small(String name, int limit) throws IOException {
    ZipEntry entry = stored(name);
    if (entry.getSize() > limit) {
      throw refusals.tooLarge(name + " takes " + entry.getSize() + " of " + limit + " bytes");
    }
    try (InputStream in = zip.getInputStream(entry)) {
      byte[] bytes = in.readNBytes((int) entry.getSize());
      if (bytes.length != entry.getSize()) {
        throw refusals.damaged(name + " ends early");
      }
      return bytes;
    } catch (ZipException e) {
      throw refusals.damaged(name + " cannot be read (" + e.getMessage() + ")");
    }
  }

  /** A file of the archive, which lies there byte by byte: compressed ones are not PyTorch's. */
  private ZipEntry stored(String name) throws IOException {
    ZipEntry entry = zip.getEntry(folder + name);
    if (entry == null) {
      throw refusals.damaged("there is no " + name + " in it");
    }
    if (entry.getMethod() != ZipEntry.STORED || entry.getSize() != entry.getCompressedSize()) {
      throw refusals.unknown(name + " in it is compressed, which torch.save does not do", CURE);
    }
    if (entry.getSize() < 0 || entry.getSize() > Files.size(path)) {
      throw refusals.damaged(name + " is larger than the file");
    }
    return entry;
  }

  @Override
  public long size(String key) throws IOException {
    return stored("data/" + key).getSize();
  }

  @Override
  public InputStream open(String key) throws IOException {
    return zip.getInputStream(stored("data/" + key));
  }

  @Override
  public void close() {
    try {
      zip.close();
    } catch (IOException _) {
      // It was only read from.
    }
  }
}
