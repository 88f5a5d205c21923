package modelc.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import modelc.bundle.Examples;
import modelc.bundle.ExitCode;
import modelc.cli.picture.Outputs;
import modelc.data.Data;
import modelc.data.NewPictures;
import modelc.data.Request;
import modelc.frontend.Checked;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Program;
import modelc.runtime.Column;
import modelc.runtime.ElementType;
import modelc.runtime.Model;
import modelc.runtime.Session;
import modelc.runtime.UsageException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code modelc predict}: runs a trained model over picture files, or over arrays in .npy files,
 * any number of them, in planned batches.
 */
@Command(
    name = "predict",
    mixinStandardHelpOptions = true,
    description = {
      "Runs a model over pictures, and draws what it says on them; or over examples in .npy files,",
      "and writes its outputs as such."
    })
final class PredictCommand implements Callable<Integer> {
  /** Of what --partial leaves as it is made: the default of recipes. */
  private static final long INITIAL_SEED = 1;

  @Mixin ModelArguments model;

  @Mixin CacheOption cache;

  @Mixin DeviceOption device;

  @Option(
      names = "--weights",
      required = true,
      paramLabel = "FILE",
      description = "The weights (safetensors, .pt or .pth).")
  Path weights = Path.of("");

  @Mixin WeightOptions names;

  @Option(
      names = "--input",
      required = true,
      paramLabel = "PATH|[NAME=]X.NPY",
      description = {
        "Pictures: a folder, a zip file, or single files; or examples, the batch axis first, with",
        "a name where the model has several inputs. May be given several times."
      })
  List<String> inputs = List.of();

  @Option(
      names = "--output",
      paramLabel = "DIR|[NAME=]Y.NPY",
      description = {
        "Where drawings of pictures go, or the output of examples; with a name where the model has",
        "several."
      })
  List<String> outputs = List.of();

  @Option(
      names = "--csv",
      paramLabel = "FILE",
      description = "Write what is predicted of each picture as a line of CSV.")
  Optional<Path> csv = Optional.empty();

  @Option(names = "--json", description = "One JSON object a line, one a picture.")
  boolean json;

  @Option(
      names = "--bad",
      paramLabel = "refuse|skip",
      description = "What to do about files that are no usable picture (default: the recipe's).")
  Optional<Bad> bad = Optional.empty();

  /** What to do about bad pictures. */
  enum Bad {
    refuse,
    skip
  }

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads to compute with (default: one a core).")
  int threads = Runtime.getRuntime().availableProcessors();

  private final Talk talk = Talk.standard();

  @Override
  public Integer call() throws IOException {
    device.check();
    Checked checked = model.load();
    Program program = checked.program().only(List.of("init", "infer"));
    // What is wrong with the pictures is told before anything is compiled.
    Optional<PicturePredictions> pictures =
        inputs.stream().anyMatch(i -> i.endsWith(".npy"))
            ? Optional.empty()
            : Optional.of(pictures(checked, program.entry("infer")));
    try (Model compiled = device.load(program, checked.precision(), cache).model();
        Session session = compiled.open(Math.max(1, threads))) {
      names.load(session, weights, INITIAL_SEED, talk);
      if (pictures.isPresent()) {
        predict(session, pictures.get());
      } else {
        predict(session);
      }
    }
    return ExitCode.OK.code();
  }

  private PicturePredictions pictures(Checked checked, Entry infer) throws IOException {
    List<Entry.Argument> arguments =
        infer.arguments().stream().filter(a -> a.kind() == Entry.Kind.INPUT).toList();
    if (arguments.size() != 1) {
      throw new UsageException(
          "C0114",
          "the model has " + arguments.size() + " inputs, and a picture fills one",
          "give each as --input NAME=FILE.npy");
    }
    Entry.Argument only = arguments.getFirst();
    var image =
        new Column(
            only.name(),
            ElementType.valueOf(only.value().type().dtype().name()),
            only.value().type().shape().dims().stream()
                .skip(1)
                .map(d -> d.isConstant() ? d.constant() : 0)
                .toList());
    Optional<Request> request =
        checked.recipe().map(r -> Datasets.request(r.data(), model.reach(), r.seed()));
    var outs = new Outputs(infer, request.map(Data::columns).orElse(List.of()));
    Optional<Path> folder = folder(outs);
    boolean skip = bad.map(b -> b == Bad.skip).orElse(request.map(Data::skipsBad).orElse(false));
    NewPictures pictures = Data.pictures(inputs.stream().map(Path::of).toList(), request, image);
    pictures.notes().forEach(n -> talk.line("note: %s", n));
    return new PicturePredictions(
        pictures, image, outs, ClassNames.of(weights, outs.classes()), folder, skip, talk);
  }

  private void predict(Session session, PicturePredictions pictures) throws IOException {
    try (CsvFile table = csv.isPresent() ? new CsvFile(csv.get()) : null) {
      pictures.run(
          session,
          p -> {
            if (table != null) {
              table.row(p.cells());
            }
            if (json) {
              Json.line(p.object());
            } else if (table == null) {
              System.out.println(p.line());
            }
          });
    }
  }

  /** Where drawings go. */
  private Optional<Path> folder(Outputs outs) throws IOException {
    if (outputs.isEmpty()) {
      return Optional.empty();
    }
    if (outputs.size() > 1 || outputs.getFirst().endsWith(".npy")) {
      throw new UsageException(
          "C0115", "--output is one folder where pictures are given", "write --output DIR");
    }
    if (!outs.drawable()) {
      throw new UsageException(
          "C0116",
          "the model's outputs are nothing to draw on a picture",
          "leave --output out, and take them as --csv FILE or --json");
    }
    Path folder = Path.of(outputs.getFirst());
    Files.createDirectories(folder);
    for (String input : inputs) {
      Path given = Path.of(input);
      Path from = Files.isDirectory(given) ? given : given.toAbsolutePath().getParent();
      if (from != null && Files.exists(from) && Files.isSameFile(folder, from)) {
        throw new UsageException(
            "C0117",
            "drawings in " + folder + " could overwrite the pictures",
            "name another folder");
      }
    }
    return Optional.of(folder);
  }

  private void predict(Session session) {
    if (outputs.isEmpty()) {
      throw new UsageException(
          "C0115", "there is nowhere to write the outputs", "add --output Y.npy");
    }
    Examples.predict(session, inputs, outputs);
  }
}
