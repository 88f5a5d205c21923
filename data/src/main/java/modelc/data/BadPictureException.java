package modelc.data;

/** A file that should hold a picture and cannot be used; its message says why, its file which. */
final class BadPictureException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final String file;

  BadPictureException(String file, String why) {
    super(why);
    this.file = file;
  }

  BadPictureException(String file, String why, Throwable cause) {
    super(why, cause);
    this.file = file;
  }

  String file() {
    return file;
  }
}
