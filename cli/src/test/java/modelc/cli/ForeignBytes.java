package modelc.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Bytes of files, made whole so that a reader gets past what would refuse any mutation at once. */
final class ForeignBytes {
  private ForeignBytes() {}

  /** A file of the IDX format, of zeros. */
  static byte[] idx(int magic, int count, int... inner) {
    int size = count;
    for (int n : inner) {
      size *= n;
    }
    ByteBuffer b = ByteBuffer.allocate(8 + 4 * inner.length + size).putInt(magic).putInt(count);
    for (int n : inner) {
      b.putInt(n);
    }
    return b.array();
  }

  /** A folder {@code set} with one picture of one pixel. */
  static void picture(Path folder) throws IOException {
    Files.createDirectories(folder.resolve("set"));
    Files.write(
        folder.resolve("set/1.bmp"),
        HexFormat.of()
            .parseHex(
                "424d3a00000000000000360000002800000001000000010000000100180000000000040000"
                    + "00130b0000130b00000000000000000000ff00ff00"));
  }

  /** A zip file of uncompressed entries. */
  static byte[] stored(Map<String, byte[]> entries) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> e : entries.entrySet()) {
        var entry = new ZipEntry(e.getKey());
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(e.getValue().length);
        var sum = new CRC32();
        sum.update(e.getValue());
        entry.setCrc(sum.getValue());
        zip.putNextEntry(entry);
        zip.write(e.getValue());
        zip.closeEntry();
      }
    }
    return out.toByteArray();
  }

  /** A picture with the checksums of its chunks made to fit, if it is a PNG. */
  static byte[] checked(byte[] png) {
    byte[] all = png.clone();
    if (all.length < 8 || all[1] != 'P' || all[2] != 'N') {
      return all;
    }
    ByteBuffer b = ByteBuffer.wrap(all);
    for (int at = 8; at + 12 <= all.length; ) {
      int length = b.getInt(at);
      if (length < 0 || length > all.length - at - 12) {
        break;
      }
      var sum = new CRC32();
      sum.update(all, at + 4, length + 4);
      b.putInt(at + 8 + length, (int) sum.getValue());
      at += 12 + length;
    }
    return all;
  }

  /** A library with its seal made to fit: who wants to harm can do that, too. */
  static byte[] sealed(byte[] library) {
    byte[] all = library.clone();
    if (all.length < 64) {
      return all;
    }
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(all, 0, all.length - 32);
      System.arraycopy(sha.digest(), 0, all, all.length - 32, 32);
      return all;
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
