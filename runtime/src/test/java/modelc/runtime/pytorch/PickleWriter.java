package modelc.runtime.pytorch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes archives as torch.save does, opcode by opcode, so that tests can make any mistake in one.
 */
final class PickleWriter {
  private final ByteArrayOutputStream pickle = new ByteArrayOutputStream();
  private final Map<String, byte[]> files = new LinkedHashMap<>();
  private boolean compressed;

  PickleWriter() {
    op(Opcode.PROTO, 2);
  }

  /** Bytes as they are. */
  PickleWriter op(int... bytes) {
    for (int b : bytes) {
      pickle.write(b);
    }
    return this;
  }

  PickleWriter number(long value) {
    op(Opcode.LONG1, 8);
    pickle.writeBytes(
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, value).array());
    return this;
  }

  PickleWriter text(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    op(Opcode.BINUNICODE).int32(bytes.length);
    pickle.writeBytes(bytes);
    return this;
  }

  PickleWriter int32(int value) {
    pickle.writeBytes(
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(0, value).array());
    return this;
  }

  PickleWriter global(String module, String name) {
    op(Opcode.GLOBAL);
    pickle.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
    return this;
  }

  PickleWriter tuple(long... values) {
    op(Opcode.MARK);
    for (long v : values) {
      number(v);
    }
    return op(Opcode.TUPLE);
  }

  /** A tensor of float32 over the storage {@code key}. */
  PickleWriter tensor(String key, long elements, long offset, long[] shape, long[] strides) {
    global("torch._utils", "_rebuild_tensor_v2").op(Opcode.MARK, Opcode.MARK);
    text("storage").global("torch", "FloatStorage").text(key).text("cpu").number(elements);
    op(Opcode.TUPLE, Opcode.BINPERSID).number(offset).tuple(shape).tuple(strides);
    op(Opcode.NEWFALSE).global("collections", "OrderedDict").op(Opcode.EMPTY_TUPLE, Opcode.REDUCE);
    return op(Opcode.TUPLE, Opcode.REDUCE);
  }

  PickleWriter floats(String key, float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float v : values) {
      bytes.putFloat(v);
    }
    return file("data/" + key, bytes.array());
  }

  PickleWriter file(String name, byte[] content) {
    files.put(name, content);
    return this;
  }

  PickleWriter compressed() {
    compressed = true;
    return this;
  }

  byte[] pickle() {
    return pickle.toByteArray();
  }

  /** Ends the pickle and writes the archive. */
  Path write(Path path) throws IOException {
    op(Opcode.STOP);
    try (var zip = new ZipOutputStream(Files.newOutputStream(path))) {
      add(zip, "data.pkl", pickle());
      for (Map.Entry<String, byte[]> e : files.entrySet()) {
        add(zip, e.getKey(), e.getValue());
      }
    }
    return path;
  }

  private void add(ZipOutputStream zip, String name, byte[] content) throws IOException {
    var entry = new ZipEntry("archive/" + name);
    if (!compressed) {
      var crc = new CRC32();
      crc.update(content);
      entry.setMethod(ZipEntry.STORED);
      entry.setSize(content.length);
      entry.setCrc(crc.getValue());
    }
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
