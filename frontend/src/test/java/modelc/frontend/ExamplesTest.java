package modelc.frontend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The examples, checked: what their first comments promise of counts. */
class ExamplesTest {
  private static Checked load(String name) throws IOException {
    return Frontend.load(LeNetTest.example(name), FrontendOptions.of(new FakeCatalog()));
  }

  @Test
  void countsAreThoseOfTheFirstComments() throws IOException {
    assertThat(load("mlp").summary().totalParameters()).isEqualTo(101_770);
    assertThat(load("softmax_regression").summary().totalParameters()).isEqualTo(7_850);
    assertThat(load("xor").summary().totalParameters()).isEqualTo(9);
  }

  @Test
  void everyExampleSaysFirstWhatItShows() throws IOException {
    Path folder = LeNetTest.example("lenet").getParent();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path p : files.filter(f -> f.toString().endsWith(".model")).toList()) {
        assertThat(Files.readString(p)).as(p.toString()).startsWith("// ");
      }
    }
  }

  @Test
  void mlpTakesItsWidthFromOutside() throws IOException {
    var options =
        new FrontendOptions(
            Map.of("hidden", "32"), Map.of("data", "mnist:/tmp"), new FakeCatalog());
    assertThat(Frontend.load(LeNetTest.example("mlp"), options).summary().totalParameters())
        .isEqualTo(784 * 32 + 32 + 32 * 10 + 10);
  }
}
