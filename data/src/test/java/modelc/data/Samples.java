package modelc.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import modelc.runtime.Column;

/** Reads samples for tests. */
final class Samples {
  private Samples() {}

  /** The columns of a sample, each of its own memory, which starts out as rubbish. */
  static MemorySegment[] read(DataSet set, long sample) {
    var rows = new MemorySegment[set.columns().size()];
    for (int c = 0; c < rows.length; c++) {
      Column column = set.columns().get(c);
      rows[c] =
          switch (column.type()) {
            case F32 -> MemorySegment.ofArray(new float[(int) column.bytes() / 4]);
            case I32 -> MemorySegment.ofArray(new int[(int) column.bytes() / 4]);
            case F64, I64, BOOL -> throw new AssertionError(column.toString());
          };
      rows[c].fill((byte) 0x55);
    }
    set.read(sample, 1, rows);
    return rows;
  }

  /** Gray pictures of 28 by 28 as a set. */
  static DataSet digits(Pictures pictures) {
    return set(pictures, Answers.LABEL, 1, new Size(28, 28));
  }

  /** Pictures as they are. */
  static DataSet set(Pictures pictures, Answers answers, int channels, Size size) {
    return new PictureSet(
        new PictureSet.Form(answers, channels, Optional.of(size), size, List.of(), List.of(), 1, 0),
        pictures);
  }

  static float[] floats(DataSet set, long sample) {
    return read(set, sample)[0].toArray(ValueLayout.JAVA_FLOAT);
  }

  static int label(DataSet set, long sample) {
    return read(set, sample)[1].get(ValueLayout.JAVA_INT, 0);
  }

  /** Where real data may stand beside the repository; it may be absent. */
  static Path shared(String name) {
    for (Path p = Path.of("").toAbsolutePath(); p != null; p = p.getParent()) {
      if (Files.exists(p.resolve(".mvn"))) {
        return p.resolveSibling("shared").resolve("data").resolve(name);
      }
    }
    return Path.of("nowhere");
  }
}
