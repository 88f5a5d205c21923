package modelc.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import modelc.runtime.DataException;

/** What all sources of picture files take: the files, a stated size, a policy for bad ones. */
record PictureFiles(
    Path place, Optional<Size> stated, PictureSource.Bad bad, Optional<Long> cacheBytes) {
  private static final List<String> READ = List.of("png", "jpg", "jpeg", "bmp");
  private static final List<String> OTHER =
      List.of("gif", "webp", "tif", "tiff", "heic", "avif", "jp2", "svg");

  static PictureFiles of(Arguments given, Path place) {
    String bad = given.word("bad", "refuse", PictureSource.Bad.WORDS);
    return new PictureFiles(
        place,
        given.has("size") ? Optional.of(given.size("size")) : Optional.empty(),
        bad.equals("skip") ? PictureSource.Bad.SKIP : PictureSource.Bad.REFUSE,
        given.has("cache")
            ? Optional.of(given.integer("cache", 0, 1 << 20) << 20)
            : Optional.empty());
  }

  /** Whether a file's name is a picture's, one that cannot be decoded included. */
  static boolean isPicture(String file) {
    return READ.contains(ending(file)) || OTHER.contains(ending(file));
  }

  private static String ending(String file) {
    int dot = file.lastIndexOf('.');
    return file.substring(dot + 1).toLowerCase(Locale.ROOT);
  }

  /** Its name without folder and ending: what pairs a picture with its mask or boxes. */
  static String stem(String file) {
    int dot = file.lastIndexOf('.');
    return dot > file.lastIndexOf('/') ? file.substring(0, dot) : file;
  }

  /** The stated size, or that of the first picture. */
  Size size(PictureSource.Opened opened) {
    if (stated.isPresent()) {
      return stated.get();
    }
    try {
      return ((FilePictures) opened.train()).size(0);
    } catch (BadPictureException e) {
      throw refused(e);
    }
  }

  /** How a bad picture ends a run. */
  static DataException refused(BadPictureException e) {
    return new DataException(
        "D0405",
        e.file() + " is no usable picture: " + e.getMessage(),
        "mend or remove it, or leave out all such with bad = skip",
        e);
  }

  static DataException none(FileTree tree) {
    return new DataException(
        "D0406",
        tree.place() + " has no pictures",
        "put PNG, JPEG or BMP files there, or name another folder");
  }

  /** A note on files that are left out because they are no pictures; none if there are none. */
  static List<String> leftOut(FileTree tree) {
    List<String> others = tree.files().stream().filter(f -> !isPicture(f)).toList();
    return others.isEmpty()
        ? List.of()
        : List.of(
            tree.place()
                + ": "
                + others.size()
                + (others.size() == 1 ? " file that is" : " files that are")
                + " no picture left out, e.g. "
                + others.getFirst());
  }
}
