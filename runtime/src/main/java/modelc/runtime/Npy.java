package modelc.runtime;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads and writes NumPy's .npy files, versions 1 and 2: little-endian, C order, of the types
 * below. Strict; never unpickles anything.
 */
public final class Npy {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int MAX_HEADER_BYTES = 1 << 20;

  /** NumPy writes the keys in this order, always. */
  private static final Pattern HEADER =
      Pattern.compile(
          "\\{'descr': '([^']*)', 'fortran_order': (True|False), 'shape': \\(([0-9, ]*)\\),? ?\\}"
              + " *\\n?");

  /** How elements lie in such a file. */
  public enum Format {
    F4("<f4", 4),
    F8("<f8", 8),
    I4("<i4", 4),
    I8("<i8", 8),
    U1("|u1", 1),
    BOOL("|b1", 1);

    private final String descr;
    private final int bytes;

    Format(String descr, int bytes) {
      this.descr = descr;
      this.bytes = bytes;
    }

    private static Format of(ElementType type) {
      return switch (type) {
        case F32 -> F4;
        case F64 -> F8;
        case I32 -> I4;
        case I64 -> I8;
        case BOOL -> BOOL;
      };
    }
  }

  private Npy() {}

  /** The content of a file, as it lies there. */
  public record Array(Format format, List<Long> shape, MemorySegment data) {
    /**
     * The values as elements of {@code type}, in memory of {@code arena}. Between float types
     * values are rounded; whatever else would change a value is refused.
     *
     * @throws DataException if a value does not fit
     */
    public Tensor as(ElementType type, Arena arena) {
      long n = data.byteSize() / format.bytes;
      MemorySegment block =
          NativeMemory.allocate(arena, Math.multiplyExact(n, type.bytes()), "an array");
      MemorySegment out = block.asSlice(0, n * type.bytes());
      if (Format.of(type) == format) {
        out.copyFrom(data);
      } else {
        boolean toFloat = type == ElementType.F32 || type == ElementType.F64;
        if ((format == Format.F4 || format == Format.F8) && !toFloat) {
          throw misfit(type, "a fraction cannot become an integer");
        }
        for (long i = 0; i < n; i++) {
          convert(type, out, i);
        }
      }
      return Tensor.wrap(type, shape, out);
    }

    private void convert(ElementType type, MemorySegment out, long i) {
      switch (format) {
        case F4 -> out.setAtIndex(ValueLayout.JAVA_DOUBLE, i, data.getAtIndex(UNALIGNED_FLOAT, i));
        case F8 ->
            out.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) data.getAtIndex(UNALIGNED_DOUBLE, i));
        case I4 -> convert(type, out, i, data.getAtIndex(UNALIGNED_INT, i));
        case I8 -> convert(type, out, i, data.getAtIndex(UNALIGNED_LONG, i));
        case U1, BOOL -> convert(type, out, i, data.get(ValueLayout.JAVA_BYTE, i) & 0xff);
      }
    }

    private void convert(ElementType type, MemorySegment out, long i, long value) {
      boolean fits =
          switch (type) {
            case F32 -> (long) (float) value == value && Math.abs(value) <= 1L << 53;
            case F64 -> Math.abs(value) <= 1L << 53;
            case I32 -> (int) value == value;
            case I64 -> true;
            case BOOL -> value == 0 || value == 1;
          };
      if (!fits) {
        throw misfit(type, "value " + value + " does not fit");
      }
      switch (type) {
        case F32 -> out.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) value);
        case F64 -> out.setAtIndex(ValueLayout.JAVA_DOUBLE, i, (double) value);
        case I32 -> out.setAtIndex(ValueLayout.JAVA_INT, i, (int) value);
        case I64 -> out.setAtIndex(ValueLayout.JAVA_LONG, i, value);
        case BOOL -> out.set(ValueLayout.JAVA_BYTE, i, (byte) value);
      }
    }

    private DataException misfit(ElementType type, String why) {
      return new DataException(
          "R0401",
          "an array of " + format.descr + " cannot be used as " + type + ": " + why,
          "save it with the right type, e.g. numpy.save(path, x.astype(\"float32\"))");
    }
  }

  private static final ValueLayout.OfFloat UNALIGNED_FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfDouble UNALIGNED_DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;
  private static final ValueLayout.OfInt UNALIGNED_INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong UNALIGNED_LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  /**
   * Reads a file into memory of {@code arena}.
   *
   * @throws FileException if it cannot be read
   * @throws DataException if it is not such a file, or damaged
   */
  public static Array read(Path path, Arena arena) {
    try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
      ByteBuffer start = bytes(channel, 0, 10);
      byte[] magic = new byte[6];
      start.get(magic);
      int version = start.get();
      int minor = start.get();
      if (!java.util.Arrays.equals(magic, MAGIC)) {
        throw damaged(path, 0, "it does not start as one");
      }
      if (version < 1 || version > 2 || minor != 0) {
        throw damaged(path, 6, "its version is " + version + "." + minor + ", not 1.0 or 2.0");
      }
      int before = version == 1 ? 10 : 12;
      long length =
          version == 1
              ? Short.toUnsignedLong(start.getShort())
              : Integer.toUnsignedLong(bytes(channel, 8, 4).getInt());
      if (length > MAX_HEADER_BYTES) {
        throw damaged(path, 8, "its header should take " + length + " bytes");
      }
      String text =
          StandardCharsets.ISO_8859_1.decode(bytes(channel, before, (int) length)).toString();
      return read(path, channel, before, text, arena);
    } catch (EOFException e) {
      throw damaged(path, path.toFile().length(), "it ends early");
    } catch (IOException e) {
      throw FileException.cannotRead(path, e);
    }
  }

  private static Array read(
      Path path, FileChannel channel, long headerStart, String header, Arena arena)
      throws IOException {
    long dataStart = headerStart + header.length();
    Matcher m = HEADER.matcher(header);
    if (!m.matches()) {
      throw damaged(
          path,
          headerStart,
          "its header reads " + header.substring(0, Math.min(80, header.length())).strip());
    }
    Format format = format(path, headerStart + m.start(1), m.group(1));
    if (m.group(2).equals("True")) {
      throw new DataException(
              "R0403",
              path + " is in Fortran order",
              "save it with numpy.save(path, numpy.ascontiguousarray(x))")
          .atByte(path, headerStart + m.start(2));
    }
    long shapeStart = headerStart + m.start(3);
    List<Long> shape = shape(path, shapeStart, m.group(3));
    long bytes = format.bytes;
    try {
      for (long d : shape) {
        bytes = Math.multiplyExact(bytes, d);
      }
    } catch (ArithmeticException overflow) {
      throw damaged(path, shapeStart, "its shape is impossibly large: " + shape);
    }
    if (channel.size() - dataStart != bytes) {
      throw damaged(
          path,
          dataStart,
          format.descr
              + shape
              + " takes "
              + bytes
              + " bytes, and "
              + (channel.size() - dataStart)
              + " are there");
    }
    MemorySegment data = NativeMemory.allocate(arena, bytes, path.toString()).asSlice(0, bytes);
    new Bytes().read(channel, dataStart, data);
    return new Array(format, shape, data);
  }

  private static Format format(Path path, long at, String descr) {
    for (Format f : Format.values()) {
      if (f.descr.equals(descr)) {
        return f;
      }
    }
    throw new DataException(
            "R0402",
            path + " holds elements of type " + descr,
            "save one of float32, float64, int32, int64, uint8, bool, little-endian")
        .atByte(path, at);
  }

  private static List<Long> shape(Path path, long at, String text) {
    var shape = new ArrayList<Long>();
    for (String part : text.split(",", -1)) {
      String digits = part.strip();
      if (digits.isEmpty()) {
        continue;
      }
      try {
        shape.add(Long.valueOf(digits));
      } catch (NumberFormatException e) {
        throw damaged(path, at, "its shape reads (" + text + ")");
      }
    }
    return List.copyOf(shape);
  }

  private static ByteBuffer bytes(FileChannel channel, long position, int count)
      throws IOException {
    var buffer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw new EOFException();
      }
    }
    return buffer.flip();
  }

  private static ModelcException damaged(Path path, long at, String what) {
    return new DataException(
            "R0404", path + " is not a sound .npy file: " + what, "save it again with numpy.save")
        .atByte(path, at);
  }

  /**
   * Writes a tensor, atomically, byte for byte as NumPy does.
   *
   * @throws FileException if it cannot
   */
  public static void write(Path path, Tensor tensor) {
    var shape = new StringBuilder();
    for (long d : tensor.shape()) {
      shape.append(shape.isEmpty() ? "" : " ").append(d).append(',');
    }
    if (tensor.shape().size() > 1) {
      shape.setLength(shape.length() - 1);
    }
    String text =
        "{'descr': '"
            + Format.of(tensor.type()).descr
            + "', 'fortran_order': False, 'shape': ("
            + shape
            + "), }";
    String padded = text + " ".repeat(-(10 + text.length() + 1) & 63) + "\n";
    ByteBuffer start = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN);
    start.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) padded.length()).flip();
    AtomicFile.replace(
        path,
        Optional.empty(),
        channel -> {
          var bytes = new Bytes();
          bytes.write(channel, MemorySegment.ofBuffer(start));
          bytes.write(channel, MemorySegment.ofArray(padded.getBytes(StandardCharsets.ISO_8859_1)));
          bytes.write(channel, tensor.data());
        });
  }
}
