package modelc.cli;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import modelc.runtime.BatchSource;
import modelc.runtime.Column;
import modelc.runtime.EarlyStopping;
import modelc.runtime.ElementType;
import modelc.runtime.Model;
import modelc.runtime.Session;
import modelc.runtime.Trainer;
import modelc.runtime.TrainerOptions;
import modelc.runtime.TrainingListener;

/**
 * A short training run in a process of its own, from a compiled library, for {@link KillTest} to
 * kill: it goes on from a checkpoint if there is one, saves every few steps, and tells how far it
 * is through a mapped file.
 */
final class KilledRun {
  static final int EVERY = 3;
  static final int SAMPLES = 61;
  private static final int THREADS = 2;

  private KilledRun() {}

  /** Trains from the library {@code args[0]} in the folder {@code args[1]}. */
  public static void main(String[] args) throws IOException {
    run(Path.of(args[0]), Path.of(args[1]));
  }

  static Path checkpoint(Path folder) {
    return folder.resolve("checkpoint.safetensors");
  }

  static void run(Path library, Path folder) throws IOException {
    Path checkpoint = checkpoint(folder);
    var options =
        TrainerOptions.of(6, 8)
            .withStop(EarlyStopping.of("val_loss", 6))
            .withCheckpoint(checkpoint, EVERY)
            .withDataThreads(2);
    try (Arena arena = Arena.ofConfined();
        Model model = Model.load(library);
        Session session = model.open(THREADS)) {
      session.init(1);
      var steps = new Steps(map(folder, arena));
      boolean resume = Files.exists(checkpoint) || Files.exists(before(checkpoint));
      var log =
          new RunLog(
              folder.resolve("log.csv"),
              resume,
              message -> {
                throw new AssertionError(message);
              });
      var trainer =
          new Trainer(
              session,
              new Noise(SAMPLES),
              Optional.of(new Noise(20)),
              options,
              TrainingListener.all(List.of(steps, log)));
      if (resume) {
        trainer.resume(checkpoint);
        log.keepBefore(trainer.epoch());
      }
      trainer.run();
      session.save(folder.resolve("weights.safetensors"));
    }
  }

  static Path before(Path checkpoint) {
    return modelc.runtime.Checkpoint.previous(checkpoint);
  }

  private static MemorySegment map(Path folder, Arena arena) throws IOException {
    try (var channel =
        FileChannel.open(
            folder.resolve("steps"),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      return channel.map(FileChannel.MapMode.READ_WRITE, 0, Long.BYTES, arena);
    }
  }

  /** Keeps the number of the last step where it outlives the process. */
  private record Steps(MemorySegment memory) implements TrainingListener {
    @Override
    public void started(long step, long steps) {
      memory.set(ValueLayout.JAVA_LONG, 0, Math.max(1, step));
    }

    @Override
    public void step(Step s) {
      memory.set(ValueLayout.JAVA_LONG, 0, s.step());
    }
  }

  /** Samples that differ from epoch to epoch, as augmented ones do. */
  private record Noise(long size) implements BatchSource {
    @Override
    public List<Column> columns() {
      return List.of(
          new Column("features", ElementType.F32, List.of(6L)),
          new Column("label", ElementType.I32, List.of()));
    }

    @Override
    public void read(long sample, long epoch, MemorySegment[] rows) {
      var random = new SplittableRandom(sample * 1000 + epoch);
      float sum = 0;
      for (int i = 0; i < 6; i++) {
        float x = (float) random.nextDouble(-1, 1);
        sum += x;
        rows[0].setAtIndex(ValueLayout.JAVA_FLOAT, i, x);
      }
      rows[1].set(ValueLayout.JAVA_INT, 0, sum > 0 ? 1 : 0);
    }
  }
}
