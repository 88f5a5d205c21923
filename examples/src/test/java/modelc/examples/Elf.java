package modelc.examples;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a 64-bit ELF library asks of the process that loads it: other libraries, and symbols it does
 * not define.
 */
record Elf(Set<String> needed, Set<String> undefined, Set<String> defined) {
  private static final int SECTION_BYTES = 64;
  private static final int DYNAMIC = 6;
  private static final int DYNAMIC_SYMBOLS = 11;
  private static final int SYMBOL_BYTES = 24;
  private static final long NEEDED = 1;

  static Elf read(Path library) throws IOException {
    ByteBuffer b = ByteBuffer.wrap(Files.readAllBytes(library)).order(ByteOrder.LITTLE_ENDIAN);
    var elf = new Elf(new TreeSet<>(), new TreeSet<>(), new TreeSet<>());
    int sections = (int) b.getLong(40);
    for (int i = 0; i < b.getShort(60); i++) {
      int section = sections + SECTION_BYTES * i;
      int from = (int) b.getLong(section + 24);
      int to = from + (int) b.getLong(section + 32);
      int names = (int) b.getLong(sections + SECTION_BYTES * b.getInt(section + 40) + 24);
      switch (b.getInt(section + 4)) {
        case DYNAMIC -> elf.readNeeded(b, from, to, names);
        case DYNAMIC_SYMBOLS -> elf.readSymbols(b, from + SYMBOL_BYTES, to, names);
        default -> {}
      }
    }
    return elf;
  }

  private void readNeeded(ByteBuffer b, int from, int to, int names) {
    for (int at = from; at < to; at += 16) {
      if (b.getLong(at) == NEEDED) {
        needed.add(text(b, names + (int) b.getLong(at + 8)));
      }
    }
  }

  private void readSymbols(ByteBuffer b, int from, int to, int names) {
    for (int at = from; at < to; at += SYMBOL_BYTES) {
      boolean isDefined = b.getShort(at + 6) != 0;
      (isDefined ? defined : undefined).add(text(b, names + b.getInt(at)));
    }
  }

  private static String text(ByteBuffer b, int at) {
    int end = at;
    while (b.get(end) != 0) {
      end++;
    }
    return StandardCharsets.UTF_8.decode(b.slice(at, end - at)).toString();
  }
}
