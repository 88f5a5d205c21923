package modelc.data;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import modelc.runtime.Column;
import modelc.runtime.DataException;

/**
 * Pictures as columns, after the transforms; parts that are set aside are chosen among whole
 * pictures before any transform, so that no two parts share one.
 */
final class PictureSet implements DataSet {
  /**
   * How pictures become columns.
   *
   * @param first size of every picture before any transform, where that is known
   * @param size of every picture in the end
   * @param seed of what is drawn in the transforms
   */
  record Form(
      Answers answers,
      int channels,
      Optional<Size> first,
      Size size,
      List<Transform> transforms,
      List<String> classNames,
      long seed,
      long cacheBytes) {}

  private final Form form;
  private final Pictures source;
  private final Pictures chain;
  private final List<Column> columns;
  private final Optional<PictureCache> cache;

  PictureSet(Form form, Pictures source) {
    this.form = form;
    this.source = source;
    this.columns = form.answers.columns(form.channels, form.size);
    Pictures made = new Recoloured(source, form.channels);
    PictureCache kept = null;
    Optional<Size> now = form.first;
    for (Transform t : form.transforms) {
      if (t.random() && kept == null) {
        kept = cached(made);
        made = kept == null ? made : kept;
      }
      made = t.apply(made, now, form.seed);
      now = t.after(now);
    }
    if (kept == null) {
      kept = cached(made);
      made = kept == null ? made : kept;
    }
    this.chain = made;
    this.cache = Optional.ofNullable(kept);
  }

  private @org.jspecify.annotations.Nullable PictureCache cached(Pictures made) {
    return made.costly() && form.cacheBytes > 0 && made.count() > 0
        ? new PictureCache(made, form.cacheBytes)
        : null;
  }

  @Override
  public List<Column> columns() {
    return columns;
  }

  @Override
  public List<String> classNames() {
    return form.classNames;
  }

  @Override
  public long size() {
    return chain.count();
  }

  @Override
  public boolean costly() {
    return source.costly() || form.transforms.stream().anyMatch(Transform::random);
  }

  @Override
  public long cacheBytes() {
    return cache.isPresent() ? form.cacheBytes : 0;
  }

  @Override
  public String name(long sample) {
    return chain.name(Math.toIntExact(sample));
  }

  @Override
  public int label(long sample) {
    return chain.label(Math.toIntExact(sample));
  }

  /** What is kept decoded, if anything is. */
  Optional<PictureCache> cache() {
    return cache;
  }

  @Override
  public void read(long sample, long epoch, MemorySegment[] rows) {
    int i = Math.toIntExact(java.util.Objects.checkIndex(sample, size()));
    Example e;
    try {
      e = chain.read(i, epoch);
    } catch (BadPictureException bad) {
      throw PictureFiles.refused(bad);
    }
    if (!e.image().size().equals(form.size)) {
      throw new DataException(
          "D0411",
          chain.name(i) + " is " + e.image().size() + " pixels, not " + form.size,
          "bring all to one size: `-> resize(" + form.size.written() + ")`");
    }
    form.answers.write(e, rows);
  }

  @Override
  public Split split(double fraction, long seed) {
    Halves halves = DataSet.halves(source.count(), fraction, seed);
    return new Split(
        new PictureSet(form, new Chosen(source, halves.train())),
        new PictureSet(form, new Chosen(source, halves.validation())));
  }

  /** Some pictures of another set, by number. */
  static final class Chosen implements Pictures {
    private final Pictures base;
    private final int[] numbers;

    Chosen(Pictures base, int[] numbers) {
      this.base = base;
      this.numbers = numbers;
    }

    @Override
    public int count() {
      return numbers.length;
    }

    @Override
    public Example read(int i, long epoch) {
      return base.read(numbers[i], epoch);
    }

    @Override
    public String name(int i) {
      return base.name(numbers[i]);
    }

    @Override
    public int label(int i) {
      return base.label(numbers[i]);
    }

    @Override
    public boolean costly() {
      return base.costly();
    }
  }

  /** In gray or in colour. */
  private static final class Recoloured extends Transform.Each {
    private final int channels;

    Recoloured(Pictures base, int channels) {
      super(base);
      this.channels = channels;
    }

    @Override
    public Example read(int i, long epoch) {
      Example e = base.read(i, epoch);
      return e.withImage(e.image().withChannels(channels));
    }
  }
}
