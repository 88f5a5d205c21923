package modelc.runtime;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** Samples of t = 2 x0 - x1 + 0.5 x2 + 3 for {@link LinearModel}; sample {@code bad} has a NaN. */
record Linear(long size, long bad, long failing) implements BatchSource {
  static Linear of(long size) {
    return new Linear(size, -1, -1);
  }

  @Override
  public List<Column> columns() {
    return List.of(
        new Column("t", ElementType.F32, List.of()),
        new Column("unused", ElementType.I32, List.of(2L)),
        new Column("x", ElementType.F32, List.of(3L)));
  }

  @Override
  public void read(long sample, long epoch, MemorySegment[] rows) {
    if (sample == failing) {
      throw new DataException("X0001", "sample " + sample + " is damaged", "mend it");
    }
    float t = 3;
    float[] w = {2, -1, 0.5f};
    for (int i = 0; i < 3; i++) {
      float x = (float) Math.sin((sample + 1) * (12.9898 + i * 78.233));
      t += w[i] * x;
      rows[2].setAtIndex(JAVA_FLOAT, i, x);
    }
    rows[0].set(JAVA_FLOAT, 0, sample == bad ? Float.NaN : t);
  }
}
