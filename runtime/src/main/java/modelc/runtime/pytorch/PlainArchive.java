package modelc.runtime.pytorch;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import modelc.runtime.pytorch.Pickled.Constant;
import modelc.runtime.pytorch.Pickled.Dict;
import modelc.runtime.pytorch.Pickled.Int;
import modelc.runtime.pytorch.Pickled.Items;
import modelc.runtime.pytorch.Pickled.Storage;
import modelc.runtime.pytorch.Pickled.Text;

/**
 * The format before PyTorch 1.6, in which many pretrained weights are still kept: five pickles one
 * after another (a magic number, a version, the machine, the object, the keys of its storages),
 * then each storage's count of elements and its bytes.
 */
final class PlainArchive implements Archive {
  /** The pickle of 0x1950a86a20f9469cfc6c, with which such a file begins. */
  private static final byte[] MAGIC = {
    (byte) 0x80,
    2,
    (byte) 0x8a,
    10,
    0x6c,
    (byte) 0xfc,
    (byte) 0x9c,
    0x46,
    (byte) 0xf9,
    0x20,
    0x6a,
    (byte) 0xa8,
    0x50,
    0x19,
    '.'
  };

  /** How many bytes {@link #isOne} needs. */
  static final int START = MAGIC.length;

  private static final int VERSION = 1001;

  /** The bytes of a storage in the file. */
  private record Place(long offset, long size) {}

  private final FileChannel channel;
  private final Pickled root;
  private final Map<String, Place> places = new HashMap<>();
  private final Refusals refusals;

  private PlainArchive(FileChannel channel, Refusals refusals) throws IOException {
    this.channel = channel;
    this.refusals = refusals;
    byte[] bytes = new byte[(int) Math.min(channel.size(), MAX_PICKLE_BYTES)];
    fill(ByteBuffer.wrap(bytes), 0);
    Unpickler.Result version = Unpickler.read(bytes, MAGIC.length, refusals);
    if (!(version.value() instanceof Int(long number) && number == VERSION)) {
      throw refusals.unknown("it has another version of PyTorch's old format", CURE);
    }
    Unpickler.Result machine = Unpickler.read(bytes, version.end(), refusals);
    if (machine.value() instanceof Dict d
        && d.entries.get("little_endian") instanceof Constant c
        && c == Constant.FALSE) {
      throw refusals.unknown("it was saved on a big-endian machine", CURE);
    }
    var found = new HashMap<String, Storage>();
    Unpickler.Result object = Unpickler.read(bytes, machine.end(), refusals, found);
    root = object.value();
    Unpickler.Result keys = Unpickler.read(bytes, object.end(), refusals);
    if (!(keys.value() instanceof Items list)) {
      throw refusals.damaged("the keys of its storages are no list");
    }
    place(list, keys.end(), found);
  }

  /** Whether a file begins as those of this format do. */
  static boolean isOne(byte[] start) {
    return Arrays.equals(MAGIC, start);
  }

  static PlainArchive open(Path path, Refusals refusals) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      return new PlainArchive(channel, refusals);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private void fill(ByteBuffer buffer, long position) throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw refusals.damaged("it ends early");
      }
    }
  }

  private void place(Items keys, long from, Map<String, Storage> found) throws IOException {
    long at = from;
    for (Pickled key : keys.items) {
      Storage storage = key instanceof Text(String name) ? found.get(name) : null;
      if (storage == null) {
        throw refusals.damaged("it has a storage that no tensor uses");
      }
      ByteBuffer count = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      fill(count, at);
      long elements = count.getLong(0);
      long room = channel.size() - at - Long.BYTES;
      if (elements != storage.elements() || elements > room / storage.type().bytes()) {
        throw refusals.damaged("storage " + storage.key() + " does not have the size it should");
      }
      long size = elements * storage.type().bytes();
      places.put(storage.key(), new Place(at + Long.BYTES, size));
      at += Long.BYTES + size;
    }
  }

  @Override
  public Pickled root() {
    return root;
  }

  private Place placed(String key) {
    Place place = places.get(key);
    if (place == null) {
      throw refusals.damaged("there is no storage " + key + " in it");
    }
    return place;
  }

  @Override
  public long size(String key) {
    return placed(key).size();
  }

  /** One stream at a time; closing it leaves the file open. */
  @Override
  public InputStream open(String key) throws IOException {
    channel.position(placed(key).offset());
    InputStream in = Channels.newInputStream(channel);
    return new FilterInputStream(in) {
      @Override
      public void close() {
        // The archive closes the file.
      }
    };
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException _) {
      // It was only read from.
    }
  }
}
