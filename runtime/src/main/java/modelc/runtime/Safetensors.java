package modelc.runtime;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes safetensors files: tensors by name, of the five element types compiled models
 * have. Strict: a header that leaves a byte of the file unexplained, or explains one twice, is
 * refused before any memory is taken for it.
 *
 * <p>Writing is deterministic and atomic. Checksums are not part of the format: see {@link
 * Checkpoint}.
 */
public final class Safetensors implements AutoCloseable {
  /**
   * Far above any real header: a million tensors' would not fit, nor would their use here be
   * sensible.
   */
  public static final int MAX_HEADER_BYTES = 16 << 20;

  private static final String METADATA = "__metadata__";

  /**
   * A tensor of a file.
   *
   * @param offset of its first byte, from the start of the file
   */
  public record Entry(String name, ElementType type, List<Long> shape, long offset) {
    public Entry {
      shape = List.copyOf(shape);
    }

    public long bytes() {
      return Tensor.bytes(type, shape);
    }
  }

  private final Path path;
  private final FileChannel channel;
  private final Bytes bytes = new Bytes();
  private final Map<String, String> metadata;
  private final SequencedMap<String, Entry> entries;

  private Safetensors(
      Path path,
      FileChannel channel,
      Map<String, String> metadata,
      SequencedMap<String, Entry> entries) {
    this.path = path;
    this.channel = channel;
    this.metadata = metadata;
    this.entries = entries;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws FileException if it cannot be read
   * @throws DataException if it is not a safetensors file, or damaged
   */
  public static Safetensors open(Path path) {
    FileChannel channel = null;
    try {
      channel = FileChannel.open(path, StandardOpenOption.READ);
      var header = new Header(path, channel.size());
      ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      fill(channel, length, 0);
      ByteBuffer text = ByteBuffer.allocate(header.length(length.getLong(0)));
      fill(channel, text, 8);
      header.parse(text);
      return new Safetensors(path, channel, header.metadata, header.entries);
    } catch (EOFException e) {
      close(channel);
      throw damaged(path, "it ends before its header does").at(path);
    } catch (IOException e) {
      close(channel);
      throw FileException.cannotRead(path, e);
    } catch (ModelcException e) {
      close(channel);
      throw e.at(path);
    } catch (RuntimeException e) {
      close(channel);
      throw e;
    }
  }

  private static void fill(FileChannel channel, ByteBuffer into, long position) throws IOException {
    while (into.hasRemaining()) {
      if (channel.read(into, position + into.position()) < 0) {
        throw new EOFException();
      }
    }
    into.flip();
  }

  private static void close(@Nullable FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException _) {
      // It was only read from.
    }
  }

  private static DataException damaged(Path path, String what) {
    return new DataException(
        "R0303", path + " is not a sound safetensors file: " + what, "copy or save the file again");
  }

  public Path path() {
    return path;
  }

  public Map<String, String> metadata() {
    return metadata;
  }

  /** In the order of their data. */
  public Collection<Entry> entries() {
    return entries.sequencedValues();
  }

  public Optional<Entry> entry(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /** Copies a tensor's data into {@code into}, which has its size. */
  public void read(Entry entry, MemorySegment into) {
    if (into.byteSize() != entry.bytes()) {
      throw new IllegalArgumentException(
          entry.name() + " has " + entry.bytes() + " bytes, not " + into.byteSize());
    }
    try {
      bytes.read(channel, entry.offset(), into);
    } catch (EOFException e) {
      throw damaged(path, "it was cut short while it was read");
    } catch (IOException e) {
      throw FileException.cannotRead(path, e);
    }
  }

  /** A tensor in native memory of {@code arena}. */
  public Tensor read(Entry entry, Arena arena) {
    MemorySegment block = NativeMemory.allocate(arena, entry.bytes(), entry.name());
    MemorySegment data = block.asSlice(0, entry.bytes());
    read(entry, data);
    return Tensor.wrap(entry.type(), entry.shape(), data);
  }

  @Override
  public void close() {
    close(channel);
  }

  /**
   * Writes a file, atomically. The order of the maps does not matter: equal content gives equal
   * bytes.
   *
   * @throws FileException if it cannot
   */
  public static void write(Path path, Map<String, String> metadata, Map<String, Tensor> tensors) {
    write(path, Optional.empty(), metadata, tensors);
  }

  /** As the other, keeping the file that was there as {@code previous}. */
  static void write(
      Path path,
      Optional<Path> previous,
      Map<String, String> metadata,
      Map<String, Tensor> tensors) {
    List<Map.Entry<String, Tensor>> ordered = order(tensors);
    byte[] header = header(metadata, ordered);
    if (header.length > MAX_HEADER_BYTES) {
      throw new LimitException(
          "R0304",
          "the header of " + path + " would take " + header.length + " bytes",
          "at most " + MAX_HEADER_BYTES + " are allowed: save fewer tensors in a file");
    }
    AtomicFile.replace(
        path,
        previous,
        channel -> {
          var bytes = new Bytes();
          var length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
          length.putLong(0, header.length);
          bytes.write(channel, MemorySegment.ofBuffer(length));
          bytes.write(channel, MemorySegment.ofArray(header));
          for (Map.Entry<String, Tensor> e : ordered) {
            bytes.write(channel, e.getValue().data());
          }
        });
  }

  /**
   * Widest elements first, so that each tensor starts at a multiple of its element's size; then by
   * name.
   */
  static List<Map.Entry<String, Tensor>> order(Map<String, Tensor> tensors) {
    var ordered = new ArrayList<>(new TreeMap<>(tensors).entrySet());
    ordered.sort(Comparator.comparingInt(e -> -e.getValue().type().bytes()));
    return List.copyOf(ordered);
  }

  private static byte[] header(
      Map<String, String> metadata, List<Map.Entry<String, Tensor>> tensors) {
    var parts = new ArrayList<String>();
    if (!metadata.isEmpty()) {
      var pairs = new ArrayList<String>();
      new TreeMap<>(metadata).forEach((k, v) -> pairs.add(Json.quote(k) + ":" + Json.quote(v)));
      parts.add(Json.quote(METADATA) + ":{" + String.join(",", pairs) + "}");
    }
    long offset = 0;
    for (Map.Entry<String, Tensor> e : tensors) {
      if (e.getKey().equals(METADATA)) {
        throw new IllegalArgumentException("a tensor cannot be called " + METADATA);
      }
      Tensor t = e.getValue();
      long end = offset + t.data().byteSize();
      parts.add(
          Json.quote(e.getKey())
              + ":{\"dtype\":\""
              + t.type().name()
              + "\",\"shape\":"
              + Tensor.text(t.shape())
              + ",\"data_offsets\":["
              + offset
              + ","
              + end
              + "]}");
      offset = end;
    }
    String text = "{" + String.join(",", parts) + "}";
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    return (text + " ".repeat(-bytes & 7)).getBytes(StandardCharsets.UTF_8);
  }

  /** Turns a header's text into entries, checking all that can be checked without reading data. */
  private static final class Header {
    final Path path;
    final long fileSize;
    long dataStart;
    Map<String, String> metadata = Map.of();
    final SequencedMap<String, Entry> entries = new LinkedHashMap<>();

    Header(Path path, long fileSize) {
      this.path = path;
      this.fileSize = fileSize;
    }

    int length(long length) {
      if (length < 0 || length > MAX_HEADER_BYTES) {
        throw damaged(
            path,
            "its header should take "
                + Long.toUnsignedString(length)
                + " bytes, and at most "
                + MAX_HEADER_BYTES
                + " are allowed");
      }
      if (length < 2 || 8 + length > fileSize) {
        throw damaged(path, "its header should take " + length + " bytes of " + fileSize);
      }
      dataStart = 8 + length;
      return (int) length;
    }

    void parse(ByteBuffer utf8) {
      Object root;
      try {
        String text = StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
        if (text.charAt(0) != '{') {
          throw damaged(path, "its header does not start with '{'");
        }
        root = Json.parse(text);
      } catch (CharacterCodingException e) {
        throw damaged(path, "its header is not UTF-8");
      } catch (Json.Malformed e) {
        throw damaged(path, "its header is not JSON: " + e.getMessage());
      }
      var unordered = new ArrayList<Entry>();
      for (Map.Entry<?, ?> e : ((Map<?, ?>) root).entrySet()) {
        String name = (String) e.getKey();
        if (name.equals(METADATA)) {
          metadata = metadata(e.getValue());
        } else {
          unordered.add(entry(name, e.getValue()));
        }
      }
      // Empty tensors share their offset with the next: bytes break the tie.
      unordered.sort(Comparator.comparingLong(Entry::offset).thenComparingLong(Entry::bytes));
      long expected = dataStart;
      for (Entry e : unordered) {
        if (e.offset() != expected) {
          throw damaged(
              path,
              "the data of "
                  + e.name()
                  + (e.offset() < expected ? " overlaps" : " leaves a hole after")
                  + " that of the tensor before it");
        }
        expected += e.bytes();
        entries.put(e.name(), e);
      }
      if (expected != fileSize) {
        throw damaged(path, "its tensors end at byte " + expected + ", the file at " + fileSize);
      }
    }

    private Map<String, String> metadata(Object value) {
      if (!(value instanceof Map<?, ?> map)) {
        throw damaged(path, METADATA + " is not an object");
      }
      var result = new LinkedHashMap<String, String>();
      for (Map.Entry<?, ?> e : map.entrySet()) {
        if (!(e.getKey() instanceof String k && e.getValue() instanceof String v)) {
          throw damaged(path, METADATA + " holds more than strings");
        }
        result.put(k, v);
      }
      return java.util.Collections.unmodifiableMap(result);
    }

    private Entry entry(String name, Object value) {
      if (!(value instanceof Map<?, ?> map
          && map.keySet().equals(java.util.Set.of("dtype", "shape", "data_offsets")))) {
        throw damaged(path, "tensor " + name + " needs exactly dtype, shape and data_offsets");
      }
      ElementType type = type(name, map.get("dtype"));
      List<Long> shape = sizes(name, "shape", map.get("shape"));
      List<Long> offsets = sizes(name, "data_offsets", map.get("data_offsets"));
      long bytes;
      try {
        bytes = Tensor.bytes(type, shape);
      } catch (ArithmeticException overflow) {
        throw damaged(path, "tensor " + name + " is impossibly large");
      }
      if (offsets.size() != 2
          || offsets.get(0) > offsets.get(1)
          || offsets.get(1) > fileSize - dataStart) {
        throw damaged(path, "the data_offsets of " + name + " are outside the file: " + offsets);
      }
      if (offsets.get(1) - offsets.get(0) != bytes) {
        throw damaged(
            path,
            name
                + ": "
                + type
                + Tensor.text(shape)
                + " takes "
                + bytes
                + " bytes, not those of "
                + offsets);
      }
      return new Entry(name, type, shape, dataStart + offsets.get(0));
    }

    private ElementType type(String name, @Nullable Object value) {
      for (ElementType t : ElementType.values()) {
        if (t.name().equals(value)) {
          return t;
        }
      }
      throw new DataException(
          "R0305",
          path + ": tensor " + name + " has element type " + value,
          "convert it to one of F32, F64, I32, I64, BOOL");
    }

    private List<Long> sizes(String name, String key, @Nullable Object value) {
      var sizes = new ArrayList<Long>();
      if (!(value instanceof List<?> list) || list.size() > 32) {
        throw damaged(path, key + " of " + name + " is not a short list");
      }
      for (Object o : list) {
        if (!(o instanceof Long n && n >= 0)) {
          throw damaged(path, key + " of " + name + " holds " + o);
        }
        sizes.add((Long) o);
      }
      return sizes;
    }
  }
}
