package modelc.compiler;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.frontend.Checked;
import modelc.frontend.DataCatalog;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.frontend.diagnostic.DiagnosticException;
import modelc.runtime.BatchSource;
import modelc.runtime.Column;
import modelc.runtime.FileException;
import modelc.runtime.Model;
import modelc.runtime.SourceException;

/**
 * A {@code .model} file that a program compiles for itself: {@code
 * ModelFile.of(path).withData(data).load()}. It trains nothing: {@link modelc.runtime.Trainer}
 * does.
 *
 * @param parameters of the model, by name, as text of the language
 * @param batch the largest; by default the recipe's, or 64
 * @param data the columns of the application's data, whatever source the recipe names
 */
public record ModelFile(
    Path path, Map<String, String> parameters, Optional<Long> batch, List<Column> data) {
  public ModelFile {
    parameters = Map.copyOf(parameters);
    data = List.copyOf(data);
  }

  public static ModelFile of(Path path) {
    return new ModelFile(path, Map.of(), Optional.empty(), List.of());
  }

  /** With those values of the model's parameters, e.g. {@code Map.of("classes", "100")}. */
  public ModelFile withParameters(Map<String, String> values) {
    return new ModelFile(path, values, batch, data);
  }

  /** With that largest batch. */
  public ModelFile withBatch(long largest) {
    return new ModelFile(path, parameters, Optional.of(largest), data);
  }

  /** With the application's own data: its columns stand for those of the recipe's source. */
  public ModelFile withData(BatchSource source) {
    return new ModelFile(path, parameters, batch, source.columns());
  }

  /**
   * Compiles for this machine and links the code into this process; closing the model unloads it.
   *
   * @throws SourceException if the file is wrong, with everything found wrong in it
   * @throws FileException if it, or what it imports, cannot be read
   */
  public Model load() {
    try {
      Checked checked = Frontend.load(path, options());
      return new Compiler().compile(checked.program()).load();
    } catch (DiagnosticException e) {
      Diagnostic first = e.diagnostics().getFirst();
      throw new SourceException(
          first.code().toString(),
          e.render(),
          first.help().orElse("mend the place shown"),
          first.place().toString(),
          e);
    } catch (IOException e) {
      throw FileException.cannotRead(path, e);
    }
  }

  private FrontendOptions options() {
    Map<String, String> recipe =
        batch.<Map<String, String>>map(b -> Map.of("batch", b.toString())).orElse(Map.of());
    var options = new FrontendOptions(parameters, recipe, catalog());
    return batch.map(options::withMaxBatch).orElse(options);
  }

  private DataCatalog catalog() {
    return data.isEmpty() ? DataCatalog.none() : _ -> data.stream().map(Columns::of).toList();
  }
}
