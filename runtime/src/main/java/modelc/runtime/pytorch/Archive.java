package modelc.runtime.pytorch;

import java.io.IOException;
import java.io.InputStream;

/**
 * A file that torch.save wrote, in one of its two formats: a pickle, and the storages it speaks of.
 * What the pickle means is not its part.
 */
sealed interface Archive extends AutoCloseable permits ZipArchive, PlainArchive {
  /** Far above any real one's, and small enough to be read at once. */
  int MAX_PICKLE_BYTES = 16 << 20;

  /** How to get a file that is read. */
  String CURE = "save it again with a recent PyTorch: torch.save(state, path)";

  /** What the pickle holds. */
  Pickled root() throws IOException;

  /**
   * Where the bytes of a storage are: how many, and a stream of them.
   *
   * @throws modelc.runtime.DataException if there is none of that key
   */
  long size(String key) throws IOException;

  /** The bytes of a storage that is there. */
  InputStream open(String key) throws IOException;

  @Override
  void close();
}
