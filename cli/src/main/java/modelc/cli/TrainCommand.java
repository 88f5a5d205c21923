package modelc.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import modelc.backend.cpu.Machine;
import modelc.bundle.ExitCode;
import modelc.bundle.Settings;
import modelc.cli.picture.Outputs;
import modelc.cli.report.Facts;
import modelc.cli.report.RunReport;
import modelc.cli.report.Samples;
import modelc.compiler.GradientsEntry;
import modelc.data.DataSet;
import modelc.frontend.Checked;
import modelc.frontend.Recipe;
import modelc.ir.Precision;
import modelc.ir.tensor.Program;
import modelc.runtime.EarlyStopping;
import modelc.runtime.Evaluator;
import modelc.runtime.FileException;
import modelc.runtime.Measured;
import modelc.runtime.Model;
import modelc.runtime.NumericException;
import modelc.runtime.Session;
import modelc.runtime.Trainer;
import modelc.runtime.TrainerOptions;
import modelc.runtime.TrainingListener;
import modelc.runtime.TrainingResult;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code modelc train}: compiles a model and trains it by its recipe; weights, log and checkpoints
 * go to a folder.
 */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    description = {
      "Compiles a model to native code and trains it by the recipe in its file.",
      "Writes weights.safetensors, log.csv, report.html and a checkpoint to the folder of",
      "the run."
    })
final class TrainCommand implements Callable<Integer> {
  private static final Measured NOTHING_MEASURED =
      new Measured(new LinkedHashMap<>(), new LinkedHashMap<>());

  @Mixin ModelArguments model;

  @Mixin CacheOption cache;

  @Mixin RunOptions run;

  @Mixin DeviceOption device;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "The folder of the run (default: runs/NAME).")
  Optional<Path> out = Optional.empty();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Where the weights go (default: weights.safetensors in the run's folder).")
  Optional<Path> weights = Optional.empty();

  @Option(
      names = "--init",
      paramLabel = "FILE",
      description = "Begin with these weights (safetensors, .pt or .pth).")
  Optional<Path> init = Optional.empty();

  @Mixin WeightOptions names;

  @Option(names = "--steps", paramLabel = "N", description = "Stop after N steps.")
  Optional<Long> steps = Optional.empty();

  @Option(
      names = "--save-gradients",
      paramLabel = "FILE",
      description = "Save the first step's gradients, before clipping (safetensors).")
  Optional<Path> gradients = Optional.empty();

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      description = "Save a checkpoint every N steps, too, not only after each epoch.")
  long checkpointEvery;

  @Option(names = "--resume", description = "Go on from the checkpoint in the folder of the run.")
  boolean resume;

  @Option(names = "--no-report", description = "Write no report.html to the folder of the run.")
  boolean noReport;

  private final Talk talk = Talk.standard();
  private final Progress progress = new Progress(talk);
  private double compileMillis;
  private String compiledHow = "";

  @Override
  public Integer call() throws IOException {
    device.check();
    // LLVM is loaded while the front end works; who needs it tells if it cannot be.
    Thread.ofPlatform()
        .daemon()
        .name("modelc-warm")
        .uncaughtExceptionHandler((_, _) -> {})
        .start(Machine::host);
    Checked checked = model.load();
    Recipe recipe = RunOptions.recipe(checked, model);
    Path folder = out.orElseGet(() -> Path.of("runs", stem(model.file)));
    Files.createDirectories(folder);
    Settings.Sets data = Datasets.open(recipe, model.reach());
    talk.line(
        "%s: %,d parameters; %,d training samples, %,d for validation, batch %d",
        checked.summary().model(),
        checked.summary().totalParameters(),
        data.train().size(),
        data.validation().map(v -> v.size()).orElse(0L),
        recipe.batch());
    if (!data.train().classNames().isEmpty()) {
      talk.line(
          "%d classes: %s", data.train().classNames().size(), shortened(data.train().classNames()));
    }
    data.notes().forEach(n -> talk.line("note: %s", n));
    long kept = data.train().cacheBytes() >> 20;
    talk.line(
        "threads: %d compute, %d read data%s",
        run.threads(),
        run.dataThreads(data.train()),
        kept == 0 ? "" : String.format(", keeping up to %,d MiB of it decoded", kept));
    Program program = checked.program();
    program = gradients.isPresent() ? GradientsEntry.addTo(program) : program;
    try (Model compiled = compile(program, recipe.precision());
        Session session = compiled.open(run.threads())) {
      // Optimizer states need their first values even where the weights come from a file.
      session.init(recipe.seed());
      if (init.isPresent()) {
        names.load(session, init.get(), recipe.seed(), talk);
      }
      var cause = new NotFinite(checked, program, run.threads(), talk);
      Optional<RunReport> page =
          noReport ? Optional.empty() : Optional.of(page(session, recipe, data, folder, checked));
      return train(session, recipe, data, folder, cause, page);
    }
  }

  /** The first of some names, and that there are more. */
  private static String shortened(List<String> names) {
    return String.join(", ", names.subList(0, Math.min(20, names.size())))
        + (names.size() > 20 ? ", ..." : "");
  }

  private Model compile(Program program, Precision precision) {
    talk.live("compiling ...");
    long start = System.nanoTime();
    DeviceOption.Loaded loaded = device.load(program, precision, cache);
    compileMillis = (System.nanoTime() - start) * 1e-6;
    compiledHow = loaded.how();
    talk.line(compiledHow);
    return loaded.model();
  }

  private int train(
      Session session,
      Recipe recipe,
      Settings.Sets data,
      Path folder,
      NotFinite cause,
      Optional<RunReport> page)
      throws IOException {
    Path checkpoint = folder.resolve("checkpoint.safetensors");
    Path saved = weights.orElseGet(() -> folder.resolve("weights.safetensors"));
    session.prepareSave(saved);
    if (!resume && Files.exists(checkpoint)) {
      talk.line("note: the checkpoint in %s will be replaced; --resume goes on from it", folder);
    }
    Path logFile = folder.resolve("log.csv");
    var log = new RunLog(logFile, resume, this::warn);
    var listeners = new ArrayList<TrainingListener>(List.of(progress));
    if (run.json()) {
      listeners.add(new JsonLines());
    }
    listeners.add(log);
    page.ifPresent(listeners::add);
    var trainer =
        new Trainer(
            session,
            data.train(),
            data.validation().map(v -> v),
            options(recipe, data, checkpoint),
            TrainingListener.all(listeners));
    trainer.diagnoseBy(cause);
    if (resume) {
      trainer.resume(checkpoint);
      log.keepBefore(trainer.epoch());
      page.ifPresent(p -> p.goOnFrom(logFile));
    }
    TrainingResult result;
    try (var _ = Interruption.by(() -> interrupted(trainer))) {
      result = trainer.run();
      talk.clear();
      if (result.outcome() == TrainingResult.Outcome.INTERRUPTED) {
        talk.line("saved after step %,d; go on with the same command and --resume", result.steps());
        page.ifPresent(p -> finish(p, result, NOTHING_MEASURED));
        return ExitCode.INTERRUPTED.code();
      }
      save(session, saved, data.train().classNames());
    } catch (NumericException e) {
      page.ifPresent(
          p ->
              p.finish(
                  "stopped: " + e.getMessage(), true, new LinkedHashMap<>(), NOTHING_MEASURED));
      throw e;
    }
    if (result.outcome() == TrainingResult.Outcome.STOPPED_EARLY) {
      talk.line(
          "stopped early: no better since epoch %d, whose weights are kept", result.bestEpoch());
    }
    Measured test =
        data.test().isPresent()
            ? new Evaluator(session, run.dataThreads(data.test().get()))
                .measure(data.test().get(), recipe.batch())
            : NOTHING_MEASURED;
    page.ifPresent(p -> finish(p, result, test));
    report(result, test.numbers(), saved);
    page.ifPresent(_ -> talk.line("report  %s", folder.resolve("report.html")));
    return ExitCode.OK.code();
  }

  private void warn(String message) {
    talk.line("warning: %s", message);
  }

  private TrainerOptions options(Recipe recipe, Settings.Sets data, Path checkpoint) {
    TrainerOptions options =
        TrainerOptions.of(Math.toIntExact(recipe.epochs()), recipe.batch())
            .withSeed(recipe.seed())
            .withDataThreads(run.dataThreads(data.train()))
            .withCheckpoint(checkpoint, checkpointEvery);
    if (steps.isPresent()) {
      options = options.withStopAfterStep(steps.get());
    }
    if (gradients.isPresent()) {
      options = options.withGradients(gradients.get());
    }
    Optional<EarlyStopping> stop = Datasets.stop(recipe);
    if (stop.isPresent()) {
      options = options.withStop(stop.get());
    }
    return options;
  }

  private RunReport page(
      Session session, Recipe recipe, Settings.Sets data, Path folder, Checked checked) {
    DataSet shown = data.validation().orElse(data.train());
    var outputs = new Outputs(checked.program().entry("infer"), data.train().columns());
    var samples = new Samples(shown, outputs, session);
    var facts =
        new Facts(
            model.file.toString(),
            model.set,
            checked.summary(),
            recipe,
            data.train().size(),
            data.validation().map(DataSet::size).orElse(0L),
            data.train().classNames(),
            data.notes(),
            run.threads(),
            run.dataThreads(data.train()),
            data.train().costly(),
            compiledHow);
    return new RunReport(folder.resolve("report.html"), facts, samples::html, this::warn);
  }

  private static void finish(RunReport page, TrainingResult result, Measured test) {
    var end = new LinkedHashMap<String, String>();
    end.put("median step", String.format(Locale.ROOT, "%.3f ms", result.stepMillis()));
    end.put("steps", String.format(Locale.ROOT, "%,d", result.steps()));
    String outcome =
        switch (result.outcome()) {
          case COMPLETED -> "finished";
          case STOPPED_EARLY ->
              "stopped early: no better since epoch "
                  + result.bestEpoch()
                  + ", whose weights are kept";
          case STEP_LIMIT -> "stopped after step " + result.steps() + ", as --steps said";
          case INTERRUPTED -> "interrupted";
        };
    page.finish(outcome, false, end, test);
  }

  private void interrupted(Trainer trainer) {
    trainer.interrupt();
    talk.line("interrupted: the step under way ends, then all is saved; once more ends it at once");
  }

  /** Saves the weights; where they should go there may be no room by now, but elsewhere. */
  private void save(Session session, Path weights, List<String> classes) throws IOException {
    try {
      ClassNames.save(session, weights, classes);
    } catch (FileException e) {
      Path elsewhere = Files.createTempDirectory("modelc-").resolve("weights.safetensors");
      ClassNames.save(session, elsewhere, classes);
      talk.line("the weights are in %s", elsewhere);
      throw e;
    }
  }

  private void report(TrainingResult result, SequencedMap<String, Double> test, Path saved) {
    // A run cut short inside its first epoch has only the means so far.
    boolean whole = result.bestEpoch() > 0 || result.epochs().isEmpty();
    SequencedMap<String, Double> best = whole ? result.best() : result.epochs().getLast().metrics();
    if (run.json()) {
      var object = new LinkedHashMap<String, Object>();
      object.put("done", true);
      object.put("outcome", result.outcome().name().toLowerCase(Locale.ROOT));
      object.put("steps", result.steps());
      object.put("best_epoch", result.bestEpoch());
      object.put("best", best);
      object.put("test", test);
      object.put("weights", saved.toString());
      object.put("step_ms", result.stepMillis());
      object.put("compile_ms", compileMillis);
      object.put("first_step_s", progress.firstStepSeconds());
      Json.line(object);
      return;
    }
    talk.line(
        "median step %.3f ms; the first was made %s after the start",
        result.stepMillis(), Progress.duration(progress.firstStepSeconds()));
    String epoch = whole ? "epoch " + result.bestEpoch() : "step " + result.steps();
    System.out.println(Columns.wrapped(epoch + "  " + Progress.numbers(best)));
    if (!test.isEmpty()) {
      System.out.println(Columns.wrapped("test  " + Progress.numbers(test)));
    }
    System.out.println("weights " + saved);
  }

  private static String stem(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.endsWith(".model") ? name.substring(0, name.length() - ".model".length()) : name;
  }
}
