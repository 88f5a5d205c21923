package modelc.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import modelc.bundle.ExitCode;
import modelc.bundle.Settings;
import modelc.cli.picture.Outputs;
import modelc.cli.report.RunReport;
import modelc.cli.report.Samples;
import modelc.data.DataSet;
import modelc.frontend.Checked;
import modelc.frontend.Recipe;
import modelc.ir.tensor.Program;
import modelc.runtime.Evaluator;
import modelc.runtime.Measured;
import modelc.runtime.Model;
import modelc.runtime.Session;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code modelc eval}: loss and metrics of trained weights on the data's test split, or else its
 * validation split.
 */
@Command(
    name = "eval",
    mixinStandardHelpOptions = true,
    description = "Evaluates weights: on the test split of the data, or its validation split.")
final class EvalCommand implements Callable<Integer> {
  @Mixin ModelArguments model;

  @Mixin CacheOption cache;

  @Mixin DeviceOption device;

  @Mixin RunOptions run;

  @Option(
      names = "--weights",
      required = true,
      paramLabel = "FILE",
      description = "The weights (safetensors, .pt or .pth).")
  Path weights = Path.of("");

  @Mixin WeightOptions names;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Write a page with sample predictions and metrics as pictures (HTML).")
  Optional<Path> report = Optional.empty();

  @Override
  public Integer call() throws IOException {
    device.check();
    Checked checked = model.load();
    Recipe recipe = RunOptions.recipe(checked, model);
    Settings.Sets data = Datasets.open(recipe, model.reach());
    DataSet source = data.judged();
    Program program =
        checked
            .program()
            .only(report.isPresent() ? List.of("init", "eval", "infer") : List.of("init", "eval"));
    try (Model compiled = device.load(program, checked.precision(), cache).model();
        Session session = compiled.open(run.threads())) {
      names.load(session, weights, recipe.seed(), Talk.standard());
      Measured measured =
          new Evaluator(session, run.dataThreads(source)).measure(source, recipe.batch());
      if (report.isPresent()) {
        var outputs = new Outputs(program.entry("infer"), source.columns());
        RunReport.write(
            report.get(),
            checked.summary().model(),
            weights.toString(),
            measured,
            shown(recipe, data, source),
            source.classNames(),
            new Samples(source, outputs, session).html());
      }
      if (run.json()) {
        var object = new LinkedHashMap<String, Object>(measured.numbers());
        measured.tables().forEach((name, table) -> object.put(name, table.nested()));
        object.put("samples", source.size());
        Json.print(object);
      } else {
        System.out.println(
            Columns.wrapped(
                Progress.numbers(measured.numbers()) + "  on " + source.size() + " samples"));
        String whole = report.map(Path::toString).orElse("--report FILE.html, or --json");
        System.out.print(MeasuredTables.text(measured, source.classNames(), whole));
      }
    }
    return ExitCode.OK.code();
  }

  /** What was evaluated on, in words. */
  private static String shown(Recipe recipe, Settings.Sets data, DataSet source) {
    String part =
        data.test().isPresent()
            ? "the test part"
            : data.validation().isPresent() ? "the validation part" : "all";
    return String.format(
        Locale.ROOT,
        "%,d examples, %s of %s",
        source.size(),
        part,
        recipe.written().getOrDefault("data", "the data"));
  }
}
