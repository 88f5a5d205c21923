package modelc.data;

import java.util.List;
import java.util.Optional;

/**
 * A source of pictures as a .model file names it: its arguments are checked, its files are read
 * when asked for.
 */
interface PictureSource {
  /**
   * What a source gives.
   *
   * @param test set aside for the last test
   * @param classNames of the labels, by number; empty if they have none
   * @param notes what the user should know, a sentence each
   */
  record Opened(
      Pictures train, Optional<Pictures> test, List<String> classNames, List<String> notes) {}

  Answers answers();

  /** Channels where the model does not say. */
  int channels();

  /** The size of every picture where no file must be read to know it. */
  Optional<Size> stated();

  /** The size of every picture; looks into the first one where nothing else tells. */
  Size size();

  /** Reads what is there. */
  Opened open();

  /** What to do about files that cannot be used. */
  default Bad bad() {
    return Bad.REFUSE;
  }

  /** Bytes that decoded pictures may take in memory, unless the default is to hold. */
  default Optional<Long> cacheBytes() {
    return Optional.empty();
  }

  /** What to do about a file that should hold a picture and does not. */
  enum Bad {
    /** The run ends with its name. */
    REFUSE,
    /** All are tried at opening, those are named and left out. */
    SKIP;

    static final List<String> WORDS = List.of("refuse", "skip");
  }
}
