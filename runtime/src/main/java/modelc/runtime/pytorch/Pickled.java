package modelc.runtime.pytorch;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * What a pickle may hold here: plain data and descriptions of tensors. There is no way to say
 * anything that would have to be run.
 *
 * <p>Values may hold themselves, in a hostile file: nothing here prints, hashes or compares deeply.
 */
sealed interface Pickled {

  /** The values without content. */
  enum Constant implements Pickled {
    NONE,
    TRUE,
    FALSE
  }

  record Int(long value) implements Pickled {}

  record Real(double value) implements Pickled {}

  record Text(String value) implements Pickled {}

  record Tuple(List<Pickled> items) implements Pickled {
    public Tuple {
      items = List.copyOf(items);
    }
  }

  /** A list that may still grow. */
  final class Items implements Pickled {
    final List<Pickled> items = new ArrayList<>();
  }

  /**
   * A dictionary, ordered or not. Of its keys only texts are kept: no tensor is called otherwise.
   */
  final class Dict implements Pickled {
    final SequencedMap<String, Pickled> entries = new LinkedHashMap<>();
  }

  /** A class or function by name, of those allowed; it can be applied to data and nothing else. */
  sealed interface Global extends Pickled {}

  /** The functions among them. */
  enum Function implements Global {
    ORDERED_DICT,
    REBUILD_TENSOR,
    REBUILD_PARAMETER
  }

  /** A class of storages. */
  record StorageClass(StorageType type) implements Global {}

  /**
   * The elements that tensors are views of; their bytes are in a file of the archive.
   *
   * @param elements how many, as the pickle claims
   */
  record Storage(StorageType type, String key, long elements) implements Pickled {}

  /**
   * A view of a storage.
   *
   * @param offset of the first element, in elements
   * @param strides in elements, one for each size of {@code shape}
   */
  record View(Storage storage, long offset, List<Long> shape, List<Long> strides)
      implements Pickled {
    public View {
      shape = List.copyOf(shape);
      strides = List.copyOf(strides);
    }
  }
}
