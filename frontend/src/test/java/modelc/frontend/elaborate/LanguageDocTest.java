package modelc.frontend.elaborate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import modelc.frontend.DataCatalog;
import modelc.frontend.FakeCatalog;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.frontend.Limits;
import modelc.frontend.ast.Decl;
import modelc.frontend.ast.SourceFile;
import modelc.frontend.diagnostic.Sources;
import modelc.frontend.parse.Syntax;
import modelc.ir.DType;
import modelc.ir.TensorType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** docs/language.md against the compiler: its examples are checked, its tables are complete. */
class LanguageDocTest {
  private static final Pattern BLOCK =
      Pattern.compile("^```model\\n(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE);

  private static String text() throws IOException {
    Path here = Path.of("docs/language.md");
    return Files.readString(Files.exists(here) ? here : Path.of("..").resolve(here));
  }

  static List<String> blocks() throws IOException {
    var blocks = new ArrayList<String>();
    Matcher m = BLOCK.matcher(text());
    while (m.find()) {
      blocks.add(m.group(1));
    }
    return blocks;
  }

  /** As in the page: houses.csv has eight features. */
  private static final DataCatalog CATALOG =
      source ->
          source.name().equals("csv")
              ? List.of(
                  new DataCatalog.Column("features", TensorType.of(DType.F32, 8)),
                  new DataCatalog.Column("target", TensorType.scalar(DType.F32)))
              : new FakeCatalog().columns(source);

  @ParameterizedTest
  @MethodSource("blocks")
  void examplesAreRight(String block) {
    SourceFile file = Syntax.parse("language.md", block, new Sources(), Limits.DEFAULT);
    var module = new Module("language.md", Library.module());
    file.declarations().forEach(module::declare);
    file.imports().forEach(i -> i.names().forEach(n -> module.bind(n.name(), Val.POISON)));
    assertThat(NameCheck.check(file, module)).isEmpty();
    boolean model = file.declarations().stream().anyMatch(d -> d instanceof Decl.Model);
    if (model && file.imports().isEmpty()) {
      Frontend.load("language.md", block, FrontendOptions.of(CATALOG));
    }
  }

  @Test
  void thereAreExamples() throws IOException {
    assertThat(blocks()).hasSizeGreaterThanOrEqualTo(8);
  }

  @Test
  void theTablesNameEverything() throws IOException {
    String text = text();
    for (Primitive p : Primitive.values()) {
      assertThat(text).as("primitive").contains("`" + p.text() + "(");
    }
    for (String name : Library.module().declared()) {
      assertThat(text).as("library").contains("`" + name + "(");
    }
    for (String key : Settings.KEYS) {
      assertThat(text).as("recipe key").contains("| `" + key + "` |");
    }
    for (var limit : Limits.class.getRecordComponents()) {
      assertThat(text).as("limit").contains("| `" + limit.getName() + "` |");
    }
  }
}
