package modelc.passes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Parser;
import modelc.ir.tensor.Printer;
import modelc.ir.tensor.Verifier;
import modelc.passes.autodiff.Autodiff;
import modelc.passes.simplify.Simplify;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Passes over text: each file of {@code golden/} is named after a pass and holds cases, each a
 * title, a function, and what the pass makes of it. {@code -Dbless=true} rewrites the files to what
 * the passes make now; read the difference.
 */
class GoldenTest {
  private static final String TITLE = "# ";
  private static final String BECOMES = "becomes\n";

  private record Case(String title, String before, String after) {}

  @TestFactory
  Stream<DynamicTest> simplify() {
    return cases("simplify", Simplify::simplify);
  }

  @TestFactory
  Stream<DynamicTest> autodiff() {
    return cases("autodiff", Autodiff::differentiate);
  }

  private static Stream<DynamicTest> cases(String pass, UnaryOperator<Function> run) {
    Path file = resources().resolve("golden").resolve(pass + ".txt");
    List<Case> cases = read(file);
    if (Boolean.getBoolean("bless")) {
      var text = new StringBuilder();
      for (Case c : cases) {
        text.append(TITLE).append(c.title).append('\n').append(c.before);
        text.append(BECOMES).append(after(c, run)).append('\n');
      }
      write(file, text.toString());
      return Stream.empty();
    }
    return cases.stream()
        .map(
            c ->
                DynamicTest.dynamicTest(
                    c.title, () -> assertThat(after(c, run)).isEqualTo(c.after)));
  }

  private static String after(Case c, UnaryOperator<Function> run) {
    Function result = run.apply(Parser.parseFunction(c.before));
    Verifier.verify(result, Verifier.Stage.SOURCE);
    return Printer.print(result).strip() + "\n";
  }

  private static List<Case> read(Path file) {
    try {
      var cases = new ArrayList<Case>();
      for (String block : ("\n" + Files.readString(file)).split("\n" + TITLE)) {
        if (!block.isBlank()) {
          int body = block.indexOf('\n') + 1;
          int after = block.indexOf(BECOMES);
          String before = after < 0 ? block.substring(body) : block.substring(body, after);
          String expected = after < 0 ? "" : block.substring(after + BECOMES.length());
          cases.add(
              new Case(
                  block.substring(0, body - 1), before.strip() + "\n", expected.strip() + "\n"));
        }
      }
      return cases;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The source folder, from the module's folder or the project's. */
  private static Path resources() {
    Path here = Path.of("src/test/resources");
    return Files.isDirectory(here) ? here : Path.of("passes").resolve(here);
  }
}
