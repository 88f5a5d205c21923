package modelc.cli.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import modelc.runtime.Measured;
import modelc.runtime.TrainingListener;

/**
 * Keeps a page about a run current: written anew at an epoch's end, but no more often than costs a
 * twentieth of the time, and in the end. A full disk costs the page, not the run.
 */
public final class RunReport implements TrainingListener {
  /** The time between two pages is at least so many times what the last one took. */
  private static final int PAUSE = 20;

  private final Path file;
  private final Facts facts;
  private final Supplier<String> samples;
  private final Consumer<String> warn;
  private final History history = new History();
  private SequencedMap<String, Measured.Table> tables = new LinkedHashMap<>();
  private int bestEpoch;
  private long writtenAt = System.nanoTime();
  private long tookNanos;
  private boolean failed;

  /**
   * @param samples what the weights say of some examples by now, as HTML
   * @param warn hears once if the page cannot be written
   */
  public RunReport(Path file, Facts facts, Supplier<String> samples, Consumer<String> warn) {
    this.file = file;
    this.facts = facts;
    this.samples = samples;
    this.warn = warn;
  }

  /** Begins with the epochs that a log of the same run holds. */
  public void goOnFrom(Path log) {
    history.read(log);
  }

  @Override
  public void epoch(Epoch e) {
    history.add(e);
    tables = e.tables();
    if (e.best() || bestEpoch == 0) {
      bestEpoch = e.epoch();
    }
    if (System.nanoTime() - writtenAt >= PAUSE * tookNanos) {
      write(Page.State.running(e.epoch(), e.epochs()), new LinkedHashMap<>(), tables);
    }
  }

  /**
   * Writes the page of a run that is over.
   *
   * @param outcome in words
   * @param alert whether that is bad news
   * @param facts of the end, by name
   * @param test what the test gave, if there was one
   */
  public void finish(
      String outcome, boolean alert, SequencedMap<String, String> facts, Measured test) {
    var all = new LinkedHashMap<>(tables);
    test.tables().forEach((name, table) -> all.put("test_" + name, table));
    var words = new LinkedHashMap<>(facts);
    test.numbers().forEach((name, x) -> words.put("test " + name, Html.number(x)));
    write(new Page.State(outcome, alert, false), words, all);
  }

  /**
   * Writes the page of an evaluation.
   *
   * @param data what was measured on, in words
   * @param samples HTML of the sample predictions
   */
  public static void write(
      Path file,
      String model,
      String source,
      Measured measured,
      String data,
      List<String> classes,
      String samples)
      throws IOException {
    replace(file, Page.evaluation(model, source, measured, data, classes, samples));
  }

  /** A reader sees the old page or the new one, never a part. */
  private static void replace(Path file, String page) throws IOException {
    Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
    Files.writeString(temporary, page);
    Files.move(
        temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private void write(
      Page.State state,
      SequencedMap<String, String> end,
      SequencedMap<String, Measured.Table> shown) {
    long start = System.nanoTime();
    try {
      String page = new Page(facts, history, bestEpoch).html(state, end, shown, samples.get());
      replace(file, page);
    } catch (IOException e) {
      if (!failed) {
        failed = true;
        warn.accept("the report " + file + " cannot be written: " + e.getMessage());
      }
    }
    writtenAt = System.nanoTime();
    tookNanos = writtenAt - start;
  }
}
