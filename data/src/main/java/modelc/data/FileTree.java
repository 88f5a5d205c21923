package modelc.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import modelc.runtime.DataException;
import modelc.runtime.FileException;
import modelc.runtime.LimitException;

/**
 * The files in a folder or in a zip file, by their paths inside it; safe from any thread. A zip
 * file is read in place: nothing is unpacked to disk.
 */
abstract sealed class FileTree {
  /** Files and folders in a tree at most. */
  static final int MAX_FILES = 20_000_000;

  /** Bytes of one file at most: 256 MiB. */
  private static final long MAX_BYTES = 1L << 28;

  private final Path place;
  private final List<String> files = new ArrayList<>();
  private final List<String> folders = new ArrayList<>();

  private FileTree(Path place) {
    this.place = place;
  }

  /**
   * Lists what is there; hidden files are left out.
   *
   * @throws FileException if it cannot be read
   * @throws DataException if it is a damaged zip file
   */
  static FileTree open(Path place) {
    if (!Files.exists(place)) {
      throw new FileException(
          "D0401",
          "there is no folder or zip file " + place,
          "check the path; " + Request.RELATIVE);
    }
    try {
      FileTree tree = Files.isDirectory(place) ? new Folder(place) : new Zip(place);
      Collections.sort(tree.files);
      Collections.sort(tree.folders);
      return tree;
    } catch (ZipException e) {
      throw new DataException(
          "D0402",
          place + " is no sound zip file: " + e.getMessage(),
          "fetch it again, and compare its checksum; or name a folder",
          e);
    } catch (UncheckedIOException | IOException e) {
      throw new FileException(
          "D0403",
          "cannot read " + place + ": " + e.getMessage(),
          "check that you may read it, and all that is in it",
          e);
    }
  }

  /** As {@link #open}, but a file that is no zip file is a tree of its own. */
  static FileTree ofFiles(Path place) {
    boolean single = Files.isRegularFile(place) && !place.toString().endsWith(".zip");
    return single ? new Single(place) : open(place);
  }

  /** All files, sorted, as {@code folder/name}. */
  final List<String> files() {
    return files;
  }

  /** All folders, sorted; of a zip file those with an entry of their own. */
  final List<String> folders() {
    return folders;
  }

  final Path place() {
    return place;
  }

  /** How a message names a file. */
  String name(String file) {
    return place + "/" + file;
  }

  /** The bytes of a file. */
  abstract byte[] read(String file) throws IOException;

  final void add(String path, boolean folder) {
    for (String part : path.split("/", -1)) {
      if (part.startsWith(".") || part.equals("__MACOSX") || part.equals("Thumbs.db")) {
        return;
      }
    }
    checkCount(place, files.size() + folders.size() + 1);
    (folder ? folders : files).add(path);
  }

  static void checkCount(Path place, int files) {
    if (files > MAX_FILES) {
      throw new LimitException(
          "D0404", place + " has more than " + MAX_FILES + " files", "split it");
    }
  }

  private static byte[] limited(InputStream in) throws IOException {
    byte[] bytes = in.readNBytes((int) MAX_BYTES + 1);
    if (bytes.length > MAX_BYTES) {
      throw new IOException("it has more than " + MAX_BYTES + " bytes");
    }
    return bytes;
  }

  private static final class Folder extends FileTree {
    Folder(Path place) throws IOException {
      super(place);
      try (Stream<Path> all = Files.walk(place, 16, FileVisitOption.FOLLOW_LINKS)) {
        all.filter(p -> !p.equals(place) && !isPipeOrDevice(p))
            .forEach(
                p -> add(place.relativize(p).toString().replace('\\', '/'), Files.isDirectory(p)));
      }
    }

    /** Opening one may wait for ever. A link to nothing is none, and is named when it is read. */
    private static boolean isPipeOrDevice(Path p) {
      return Files.exists(p) && !Files.isRegularFile(p) && !Files.isDirectory(p);
    }

    @Override
    byte[] read(String file) throws IOException {
      try (InputStream in = Files.newInputStream(place().resolve(file))) {
        return limited(in);
      }
    }
  }

  /** One file alone, which is the place. */
  private static final class Single extends FileTree {
    Single(Path place) {
      super(place);
      add(String.valueOf(place.getFileName()), false);
    }

    @Override
    String name(String file) {
      return place().toString();
    }

    @Override
    byte[] read(String file) throws IOException {
      try (InputStream in = Files.newInputStream(place())) {
        return limited(in);
      }
    }
  }

  private static final class Zip extends FileTree {
    private final ZipFile zip;

    Zip(Path place) throws IOException {
      super(place);
      zip = new ZipFile(place.toFile());
      zip.entries()
          .asIterator()
          .forEachRemaining(
              e ->
                  add(
                      e.isDirectory()
                          ? e.getName().substring(0, e.getName().length() - 1)
                          : e.getName(),
                      e.isDirectory()));
    }

    @Override
    byte[] read(String file) throws IOException {
      ZipEntry entry = zip.getEntry(file);
      try (InputStream in = zip.getInputStream(entry)) {
        byte[] bytes = limited(in);
        var sum = new CRC32(); // ZipFile does not look at it
        sum.update(bytes);
        if (sum.getValue() != entry.getCrc()) {
          throw new ZipException("its checksum does not fit");
        }
        return bytes;
      }
    }
  }
}
