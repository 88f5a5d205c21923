package modelc.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import modelc.runtime.TrainingResult.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainerTest {
  private static final BatchSource DATA = Linear.of(61); // 8 batches of 8, the last of 5
  private static final Optional<BatchSource> VALIDATION = Optional.of(Linear.of(21));

  /** Keeps what it hears. */
  private static class Log implements TrainingListener {
    final List<Step> steps = new ArrayList<>();
    final List<Epoch> epochs = new ArrayList<>();
    final List<String> warnings = new ArrayList<>();

    @Override
    public void step(Step step) {
      steps.add(step);
    }

    @Override
    public void epoch(Epoch epoch) {
      epochs.add(epoch);
    }

    @Override
    public void warning(String message) {
      warnings.add(message);
    }
  }

  private interface Body {
    void run(Session session) throws Exception;
  }

  private static void session(int threads, Body body) throws Exception {
    try (var model = LinearModel.model();
        var session = model.open(threads)) {
      session.init(1);
      body.run(session);
    }
  }

  private static byte[] weights(Session session, Path folder) throws Exception {
    Path file = folder.resolve("weights");
    session.save(file);
    return Files.readAllBytes(file);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void learnsAndReports(int threads) throws Exception {
    session(
        threads,
        s -> {
          var log = new Log();
          TrainingResult result =
              new Trainer(s, DATA, VALIDATION, TrainerOptions.of(40, 8), log).run();
          assertThat(result.outcome()).isEqualTo(Outcome.COMPLETED);
          assertThat(result.steps()).isEqualTo(320);
          assertThat(s.variable("count").floats()).containsExactly(320f);
          assertThat(s.variable("b").floats()[0]).isCloseTo(3, within(1e-3f));
          assertThat(s.variable("w").floats()[1]).isCloseTo(-1, within(1e-3f));
          assertThat(log.epochs).hasSize(40);
          assertThat(log.epochs.getLast().metrics())
              .containsOnlyKeys("loss", "mae", "val_loss", "val_mae");
          assertThat(log.epochs.getLast().metrics().get("val_loss")).isLessThan(1e-5);
          assertThat(log.epochs.getLast().samplesPerSecond()).isPositive();
          assertThat(log.epochs.getLast().waitShare()).isBetween(0.0, 1.0);
          assertThat(result.stepMillis()).isPositive();
          assertThat(log.steps.stream().map(TrainingListener.Step::step)).isSorted().hasSize(320);
          assertThat(log.steps.get(7).samples()).isEqualTo(5);
          assertThat(log.steps.get(8).epoch()).isEqualTo(2);
        });
  }

  @Test
  void metricsAreWeightedByBatchSize() throws Exception {
    session(
        1,
        s -> {
          double all = 0;
          var one = new Evaluator(s).evaluate(Linear.of(13), 1);
          var odd = new Evaluator(s).evaluate(Linear.of(13), 8);
          for (String metric : List.of("loss", "mae")) {
            assertThat(odd.get(metric)).isCloseTo(one.get(metric), within(1e-5));
            all += odd.get(metric);
          }
          assertThat(all).isPositive();
          var log = new Log();
          new Trainer(s, Linear.of(13), Optional.empty(), TrainerOptions.of(1, 8), log).run();
          double weighted = (log.steps.get(0).loss() * 8 + log.steps.get(1).loss() * 5) / 13;
          assertThat(log.epochs.get(0).metrics().get("loss")).isCloseTo(weighted, within(1e-9));
        });
  }

  @Test
  void threadsAndPrefetchingDoNotChangeTheResult(@TempDir Path folder) throws Exception {
    var results = new ArrayList<byte[]>();
    for (int threads : new int[] {1, 2, 1}) {
      session(
          threads,
          s -> {
            new Trainer(s, DATA, VALIDATION, TrainerOptions.of(3, 8), TrainingListener.NONE).run();
            results.add(weights(s, folder));
          });
    }
    assertThat(results.get(1)).isEqualTo(results.get(0));
    assertThat(results.get(2)).isEqualTo(results.get(0));
  }

  @Test
  void theSeedDecidesTheOrder(@TempDir Path folder) throws Exception {
    var results = new ArrayList<byte[]>();
    for (var options :
        List.of(
            TrainerOptions.of(2, 8),
            TrainerOptions.of(2, 8).withSeed(2),
            TrainerOptions.of(2, 8).withShuffle(false))) {
      session(
          1,
          s -> {
            new Trainer(s, DATA, VALIDATION, options, TrainingListener.NONE).run();
            results.add(weights(s, folder));
          });
    }
    assertThat(results.get(0)).isNotEqualTo(results.get(1)).isNotEqualTo(results.get(2));
  }

  /**
   * In the middle of an epoch, at its end, twice at the same place, with the best weights to be
   * restored or not.
   */
  @ParameterizedTest
  @CsvSource({"5,false", "8,true", "19,true", "16,false", "1,true"})
  void stoppedAndResumedEqualsUninterruptedByteForByte(
      long steps, boolean early, @TempDir Path folder) throws Exception {
    Path whole = folder.resolve("whole.ckpt");
    Path parts = folder.resolve("parts.ckpt");
    TrainerOptions base =
        early
            ? TrainerOptions.of(4, 8).withStop(EarlyStopping.of("val_loss", 3))
            : TrainerOptions.of(4, 8);
    var expected = new AtomicReference<byte[]>();
    session(
        1,
        s -> {
          new Trainer(s, DATA, VALIDATION, base.withCheckpoint(whole, 0), TrainingListener.NONE)
              .run();
          expected.set(weights(s, folder));
        });
    TrainerOptions options = base.withCheckpoint(parts, 3);
    session(
        1,
        s -> {
          TrainingResult r =
              new Trainer(
                      s, DATA, VALIDATION, options.withStopAfterStep(steps), TrainingListener.NONE)
                  .run();
          assertThat(r.outcome()).isEqualTo(Outcome.STEP_LIMIT);
          assertThat(r.steps()).isEqualTo(steps);
        });
    session(
        1,
        s -> {
          var trainer =
              new Trainer(
                  s, DATA, VALIDATION, options.withStopAfterStep(2 * steps), TrainingListener.NONE);
          assertThat(trainer.resume(parts)).isEqualTo(steps);
          trainer.run();
        });
    session(
        1,
        s -> {
          var log = new Log();
          var trainer = new Trainer(s, DATA, VALIDATION, options, log);
          assertThat(trainer.resume(parts)).isEqualTo(Math.min(32, 2 * steps));
          trainer.run();
          assertThat(weights(s, folder)).isEqualTo(expected.get());
          assertThat(log.warnings).isEmpty();
        });
    assertThat(Files.readAllBytes(parts)).isEqualTo(Files.readAllBytes(whole));
  }

  @Test
  void anInterruptFinishesTheStepAndSaves(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("run.ckpt");
    TrainerOptions options = TrainerOptions.of(3, 8).withCheckpoint(file, 0);
    session(
        2,
        s -> {
          var self = new AtomicReference<Trainer>();
          var log =
              new Log() {
                @Override
                public void step(Step step) {
                  if (step.step() == 11) {
                    self.get().interrupt();
                  }
                }
              };
          self.set(new Trainer(s, DATA, VALIDATION, options, log));
          TrainingResult r = self.get().run();
          assertThat(r.outcome()).isEqualTo(Outcome.INTERRUPTED);
          assertThat(r.steps()).isEqualTo(11);
        });
    try (var checkpoint = Checkpoint.open(file)) {
      assertThat(checkpoint.step()).isEqualTo(11);
    }
  }

  @Test
  void aThreadInterruptIsAnInterruptAndStaysSet(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("run.ckpt");
    session(
        2,
        s -> {
          var log =
              new Log() {
                @Override
                public void epoch(Epoch epoch) {
                  Thread.currentThread().interrupt();
                }
              };
          TrainingResult r =
              new Trainer(s, DATA, VALIDATION, TrainerOptions.of(3, 8).withCheckpoint(file, 0), log)
                  .run();
          assertThat(Thread.interrupted()).isTrue();
          assertThat(r.outcome()).isEqualTo(Outcome.INTERRUPTED);
          assertThat(r.steps()).isEqualTo(8);
        });
    try (var checkpoint = Checkpoint.open(file)) {
      assertThat(checkpoint.step()).isEqualTo(8);
    }
  }

  @Test
  void anInterruptDuringValidationIsMadeUpForAfterwards(@TempDir Path folder) throws Exception {
    Path whole = folder.resolve("whole.ckpt");
    Path file = folder.resolve("run.ckpt");
    var options = TrainerOptions.of(2, 8);
    session(
        1,
        s ->
            new Trainer(
                    s, DATA, VALIDATION, options.withCheckpoint(whole, 0), TrainingListener.NONE)
                .run());
    session(
        1,
        s -> {
          var self = new AtomicReference<Trainer>();
          var interrupting =
              new BatchSource() {
                @Override
                public List<Column> columns() {
                  return DATA.columns();
                }

                @Override
                public long size() {
                  return 21;
                }

                @Override
                public void read(long sample, long epoch, java.lang.foreign.MemorySegment[] rows) {
                  if (sample == 9) {
                    self.get().interrupt();
                  }
                  DATA.read(sample, epoch, rows);
                }
              };
          self.set(
              new Trainer(
                  s,
                  DATA,
                  Optional.of(interrupting),
                  options.withCheckpoint(file, 0),
                  TrainingListener.NONE));
          TrainingResult r = self.get().run();
          assertThat(r.outcome()).isEqualTo(Outcome.INTERRUPTED);
          assertThat(r.epochs()).isEmpty();
        });
    session(
        1,
        s -> {
          var trainer =
              new Trainer(
                  s, DATA, VALIDATION, options.withCheckpoint(file, 0), TrainingListener.NONE);
          assertThat(trainer.resume(file)).isEqualTo(8);
          assertThat(trainer.run().epochs()).hasSize(2);
        });
    assertThat(Files.readAllBytes(file)).isEqualTo(Files.readAllBytes(whole));
  }

  @Test
  void aNonFiniteStepStopsTheRunAndHarmsNothing(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("run.ckpt");
    session(
        2,
        s -> {
          var options = TrainerOptions.of(2, 8).withShuffle(false).withCheckpoint(file, 2);
          var trainer =
              new Trainer(
                  s, new Linear(61, 43, -1), Optional.empty(), options, TrainingListener.NONE);
          assertThatThrownBy(trainer::run)
              .isInstanceOfSatisfying(
                  NumericException.class,
                  e -> {
                    assertThat(e.step()).isEqualTo(6);
                    assertThat(e)
                        .hasMessageContaining("step 6 (epoch 1, batch 6): the loss is NaN")
                        .hasMessageContaining("the data for");
                  });
          assertThat(s.variable("count").floats()).containsExactly(5f);
          assertThat(s.variable("w").floats()).doesNotContain(Float.NaN);
        });
    try (var checkpoint = Checkpoint.open(file)) {
      assertThat(checkpoint.step()).isEqualTo(4);
    }
  }

  @Test
  void earlyStoppingRestoresTheBestEpoch() throws Exception {
    session(
        1,
        s -> {
          // The best value comes early: the mean error is to be as large as possible.
          var stop = new EarlyStopping("val_mae", 2, true, 0, true);
          var best = new AtomicReference<float[]>();
          var log =
              new Log() {
                @Override
                public void epoch(Epoch epoch) {
                  super.epoch(epoch);
                  if (epoch.best()) {
                    best.set(s.variable("w").floats());
                  }
                }
              };
          TrainingResult r =
              new Trainer(s, DATA, VALIDATION, TrainerOptions.of(30, 8).withStop(stop), log).run();
          assertThat(r.outcome()).isEqualTo(Outcome.STOPPED_EARLY);
          assertThat(r.epochs()).hasSize(r.bestEpoch() + 2);
          assertThat(r.best()).isEqualTo(log.epochs.get(r.bestEpoch() - 1).metrics());
          assertThat(s.variable("w").floats()).isEqualTo(best.get());
          assertThat(s.variable("count").floats()).containsExactly(8f * r.bestEpoch());
        });
  }

  @Test
  void aCheckpointServesAsWeights(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("run.ckpt");
    session(
        1,
        s -> {
          var options =
              TrainerOptions.of(3, 8)
                  .withStop(EarlyStopping.of("val_loss", 3))
                  .withCheckpoint(file, 0);
          new Trainer(s, DATA, VALIDATION, options, TrainingListener.NONE).run();
          float[] trained = s.variable("w").floats();
          s.init(9);
          s.load(file);
          assertThat(s.variable("w").floats()).isEqualTo(trained);
        });
  }

  @Test
  void whatDoesNotFitIsRefusedBeforeTraining(@TempDir Path folder) throws Exception {
    session(
        1,
        s -> {
          refused("R0508", s, DATA, TrainerOptions.of(1, 9));
          refused("R0507", s, Linear.of(0), TrainerOptions.of(1, 8));
          refused(
              "R0509", s, DATA, TrainerOptions.of(1, 8).withStop(EarlyStopping.of("val_acc", 1)));
          refused("R0501", s, new Misshapen(), TrainerOptions.of(1, 8));
          assertThatThrownBy(() -> TrainerOptions.of(0, 8)).isInstanceOf(UsageException.class);
          assertThatThrownBy(() -> EarlyStopping.of("loss", 0)).isInstanceOf(UsageException.class);
          Path file = Files.createFile(folder.resolve("file"));
          var unwritable = TrainerOptions.of(1, 8).withCheckpoint(file.resolve("run.ckpt"), 0);
          assertThatThrownBy(
                  () -> new Trainer(s, DATA, VALIDATION, unwritable, TrainingListener.NONE).run())
              .isInstanceOf(FileException.class)
              .hasMessageContaining("cannot write");
          assertThat(s.variable("count").floats()).containsExactly(0f);
        });
  }

  private static void refused(String code, Session s, BatchSource data, TrainerOptions options) {
    SessionTest.refused(
        code, "", () -> new Trainer(s, data, VALIDATION, options, TrainingListener.NONE));
  }

  @Test
  void evaluationNeedsSamplesAndAThreadThatWaits() throws Exception {
    session(
        1,
        s -> {
          var evaluator = new Evaluator(s);
          SessionTest.refused("R0503", "no samples", () -> evaluator.evaluate(Linear.of(0), 8));
          Thread.currentThread().interrupt();
          SessionTest.refused("R0504", "interrupted", () -> evaluator.evaluate(DATA, 8L));
          assertThat(Thread.interrupted()).isTrue();
        });
  }

  /** Gradients that are finite numbers can be too large for the weights. */
  @Test
  void weightsThatOverflowAreNotSaved(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("run.ckpt");
    session(
        1,
        s -> {
          var options = TrainerOptions.of(1, 8).withCheckpoint(file, 1);
          var log =
              new Log() {
                @Override
                public void step(Step step) {
                  s.variable("w").data().setAtIndex(ValueLayout.JAVA_FLOAT, 0, Float.NaN);
                }
              };
          var trainer = new Trainer(s, Linear.of(8), Optional.empty(), options, log);
          SessionTest.refused("R0512", "parameter w holds NaN", trainer::run);
          assertThat(file).doesNotExist();
        });
  }

  private record Misshapen() implements BatchSource {
    @Override
    public List<Column> columns() {
      return List.of(
          new Column("x", ElementType.F32, List.of(4L)),
          new Column("t", ElementType.F32, List.of()));
    }

    @Override
    public long size() {
      return 8;
    }

    @Override
    public void read(long sample, long epoch, java.lang.foreign.MemorySegment[] rows) {}
  }

  @Test
  void aDamagedSampleReachesTheCallerAsItIs() throws Exception {
    session(
        1,
        s -> {
          var trainer =
              new Trainer(
                  s,
                  new Linear(61, -1, 50),
                  VALIDATION,
                  TrainerOptions.of(1, 8),
                  TrainingListener.NONE);
          assertThatThrownBy(trainer::run)
              .isInstanceOf(DataException.class)
              .hasMessage("sample 50 is damaged");
        });
  }

  @Test
  void aCheckpointOfAnotherRunIsRefused(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("run.ckpt");
    session(
        1,
        s -> {
          var options = TrainerOptions.of(1, 8).withCheckpoint(file, 0);
          new Trainer(s, DATA, VALIDATION, options, TrainingListener.NONE).run();
          var other = new Trainer(s, DATA, VALIDATION, options.withSeed(5), TrainingListener.NONE);
          SessionTest.refused("R0603", "seed was 1, and is 5", () -> other.resume(file));
          var more = new Trainer(s, Linear.of(62), VALIDATION, options, TrainingListener.NONE);
          assertThatThrownBy(() -> more.resume(file)).hasMessageContaining("samples was 61");
          assertThatThrownBy(() -> more.resume(folder.resolve("none")))
              .isInstanceOf(FileException.class);
        });
  }

  @Test
  void aFolderThatVanishesIsSurvived(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("sub/run.ckpt");
    session(
        1,
        s -> {
          var log =
              new Log() {
                @Override
                public void step(Step step) {
                  if (step.step() == 3) {
                    deleteRecursively(file.getParent());
                  }
                }
              };
          TrainingResult r =
              new Trainer(s, DATA, VALIDATION, TrainerOptions.of(2, 8).withCheckpoint(file, 0), log)
                  .run();
          assertThat(r.outcome()).isEqualTo(Outcome.COMPLETED);
          assertThat(log.warnings).hasSize(1).allMatch(w -> w.contains("no checkpoint at step"));
        });
  }

  private static void deleteRecursively(Path folder) {
    try (var files = Files.walk(folder)) {
      for (Path p : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(p);
      }
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void permutationsArePermutationsAndDifferByEpoch() {
    int[] a = Permutation.of(1000, 7, 1);
    assertThat(a.clone())
        .containsExactlyInAnyOrder(java.util.stream.IntStream.range(0, 1000).toArray());
    assertThat(Permutation.of(1000, 7, 1)).isEqualTo(a);
    assertThat(Permutation.of(1000, 7, 2)).isNotEqualTo(a);
    assertThat(Permutation.of(1000, 8, 1)).isNotEqualTo(a);
    // Each of the six orders of three about equally often.
    var counts = new java.util.HashMap<List<Integer>, Integer>();
    for (int epoch = 0; epoch < 6000; epoch++) {
      counts.merge(
          java.util.Arrays.stream(Permutation.of(3, 1, epoch)).boxed().toList(), 1, Integer::sum);
    }
    assertThat(counts).hasSize(6).allSatisfy((_, n) -> assertThat(n).isBetween(870, 1130));
    // Known for good: a change would break every checkpoint in the world.
    assertThat(Permutation.of(8, 1, 1)).containsExactly(2, 3, 5, 7, 6, 4, 1, 0);
  }
}
