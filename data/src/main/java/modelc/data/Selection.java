package modelc.data;

import java.lang.foreign.MemorySegment;
import java.util.List;
import modelc.runtime.Column;

/** Some samples of another set, by number; nothing is copied. */
final class Selection implements DataSet {
  private final DataSet base;
  private final int[] samples;

  Selection(DataSet base, int[] samples) {
    this.base = base;
    this.samples = samples;
  }

  @Override
  public List<Column> columns() {
    return base.columns();
  }

  @Override
  public List<String> classNames() {
    return base.classNames();
  }

  @Override
  public boolean costly() {
    return base.costly();
  }

  @Override
  public long cacheBytes() {
    return base.cacheBytes();
  }

  @Override
  public String name(long sample) {
    return base.name(samples[Math.toIntExact(sample)]);
  }

  @Override
  public int label(long sample) {
    return base.label(samples[Math.toIntExact(sample)]);
  }

  @Override
  public long size() {
    return samples.length;
  }

  @Override
  public void read(long sample, long epoch, MemorySegment[] rows) {
    base.read(samples[Math.toIntExact(sample)], epoch, rows);
  }
}
