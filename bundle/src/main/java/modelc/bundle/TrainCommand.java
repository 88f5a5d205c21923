package modelc.bundle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import modelc.runtime.Evaluator;
import modelc.runtime.Model;
import modelc.runtime.Session;
import modelc.runtime.Trainer;
import modelc.runtime.TrainerOptions;
import modelc.runtime.TrainingListener;
import modelc.runtime.TrainingResult;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code NAME train}: trains by the recipe; weights and a checkpoint go to a folder. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    description = "Trains by the recipe; writes weights.safetensors and a checkpoint to a folder.")
final class TrainCommand implements Callable<Integer> {
  private final Bundled bundled;

  @Mixin RunOptions run;

  @Option(names = "--out", paramLabel = "DIR", description = "The folder (default: runs/NAME).")
  Optional<Path> out = Optional.empty();

  @Option(names = "--epochs", paramLabel = "N", description = "How many, instead of the recipe's.")
  Optional<Integer> epochs = Optional.empty();

  @Option(names = "--steps", paramLabel = "N", description = "Stop after N steps.")
  Optional<Long> steps = Optional.empty();

  @Option(names = "--resume", description = "Go on from the checkpoint in the folder.")
  boolean resume;

  TrainCommand(Bundled bundled) {
    this.bundled = bundled;
  }

  @Override
  public Integer call() throws IOException {
    Settings settings = bundled.settings(run.data);
    Path folder = out.orElseGet(() -> Path.of("runs", bundled.name()));
    Files.createDirectories(folder);
    Settings.Sets data = settings.open();
    data.notes().forEach(n -> System.err.println("note: " + n));
    try (Model model = bundled.load(run.device);
        Session session = model.open(run.threads())) {
      session.init(settings.seed());
      Path checkpoint = folder.resolve("checkpoint.safetensors");
      var trainer =
          new Trainer(
              session,
              data.train(),
              data.validation().map(v -> v),
              options(settings, checkpoint),
              new Talk());
      if (resume) {
        trainer.resume(checkpoint);
      }
      TrainingResult result = trainer.run();
      Path weights = folder.resolve("weights.safetensors");
      session.save(weights);
      System.err.printf(Locale.ROOT, "median step %.3f ms%n", result.stepMillis());
      // A run cut short inside its first epoch has only the means so far.
      boolean whole = result.bestEpoch() > 0 || result.epochs().isEmpty();
      System.out.println(
          whole
              ? "epoch " + result.bestEpoch() + "  " + RunOptions.numbers(result.best())
              : "step "
                  + result.steps()
                  + "  "
                  + RunOptions.numbers(result.epochs().getLast().metrics()));
      if (data.test().isPresent()) {
        System.out.println(
            "test  "
                + RunOptions.numbers(
                    new Evaluator(session).evaluate(data.test().get(), settings.batch())));
      }
      System.out.println("weights " + weights);
    }
    return 0;
  }

  private TrainerOptions options(Settings settings, Path checkpoint) {
    TrainerOptions options =
        TrainerOptions.of(epochs.orElse(settings.epochs()), settings.batch())
            .withSeed(settings.seed())
            .withCheckpoint(checkpoint, 0);
    if (steps.isPresent()) {
      options = options.withStopAfterStep(steps.get());
    }
    return settings.stop().isPresent() ? options.withStop(settings.stop().get()) : options;
  }

  /** A line an epoch. */
  private static final class Talk implements TrainingListener {
    @Override
    public void epoch(Epoch e) {
      System.err.printf(
          Locale.ROOT,
          "epoch %d/%d  %s  %,.0f samples/s%n",
          e.epoch(),
          e.epochs(),
          RunOptions.numbers(e.metrics()),
          e.samplesPerSecond());
    }

    @Override
    public void warning(String message) {
      System.err.println("warning: " + message);
    }
  }
}
