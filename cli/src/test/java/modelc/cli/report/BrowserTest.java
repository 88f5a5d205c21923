package modelc.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import modelc.frontend.Checked;
import modelc.frontend.DataCatalog;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.ir.DType;
import modelc.ir.TensorType;
import modelc.runtime.Measured;
import modelc.runtime.TrainingListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A report in a real browser, where one is installed: nothing is fetched, refused or complained of,
 * and the charts stand in the page. Else the test is skipped.
 */
class BrowserTest {
  private static final String MODEL =
      """
      model M(hidden: int = 3) {
          input features: f32[4]
          output logits = features -> a: dense(hidden) -> relu -> b: dense(2)
      }
      train M {
          data = csv("x.csv", label = "y")
          loss = cross_entropy(logits, label)
          metrics = confusion(logits, label)
          optimizer = sgd(lr = warmup(5) * cosine(0.1))
          epochs = 4
      }
      """;

  private static final DataCatalog CATALOG =
      _ ->
          List.of(
              new DataCatalog.Column("features", TensorType.of(DType.F32, 4)),
              new DataCatalog.Column("label", TensorType.scalar(DType.I32)));

  @TempDir Path folder;

  private static Optional<Path> browser() {
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
    return Stream.of("chromium", "chromium-browser", "google-chrome", "chrome")
        .flatMap(name -> Stream.of(path.split(File.pathSeparator)).map(p -> Path.of(p, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Four epochs, one of them without a finite loss; one with a class that is markup. */
  private Path report() {
    Checked checked = Frontend.load("m.model", MODEL, FrontendOptions.of(CATALOG));
    var facts =
        new Facts(
            "m.model",
            new LinkedHashMap<>(),
            checked.summary(),
            checked.recipe().orElseThrow(),
            100,
            20,
            List.of("yes", "<script>fetch('http://example.com/x')</script>"),
            List.of("<img src=http://example.com/y onerror=alert(1)>"),
            2,
            1,
            false,
            "compiled");
    Path file = folder.resolve("report.html");
    var warnings = new ArrayList<String>();
    var report = new RunReport(file, facts, () -> "<p id=samples>samples</p>", warnings::add);
    for (int e = 1; e <= 4; e++) {
      report.epoch(epoch(e, e == 3 ? Double.NaN : 1.0 / e));
    }
    report.finish(
        "finished",
        false,
        new LinkedHashMap<>(),
        new Measured(new LinkedHashMap<>(), new LinkedHashMap<>()));
    assertThat(warnings).isEmpty();
    return file;
  }

  private static TrainingListener.Epoch epoch(int e, double loss) {
    var metrics = new LinkedHashMap<String, Double>();
    metrics.put("loss", loss);
    metrics.put("val_loss", loss + 0.1);
    var tables = new LinkedHashMap<String, Measured.Table>();
    tables.put("val_confusion", new Measured.Table(List.of(2L, 2L), List.of(9.0, 1.0, 2.0, 8.0)));
    return new TrainingListener.Epoch(e, 4, 2L * e, true, metrics, tables, e == 4, 1, 100, 0.01);
  }

  private String run(Path browser, Path errors, String... more)
      throws IOException, InterruptedException {
    Path out = folder.resolve("out.txt");
    var command =
        new ArrayList<>(
            List.of(
                browser.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                "--enable-logging=stderr",
                "--user-data-dir=" + folder.resolve("profile")));
    command.addAll(List.of(more));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(errors.toFile())
            .start();
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("the browser does not end: " + Files.readString(errors));
    }
    return Files.readString(out);
  }

  @Test
  void theBrowserShowsThePageAndFetchesNothing() throws IOException, InterruptedException {
    Optional<Path> browser = browser();
    assumeTrue(browser.isPresent(), "no chromium or chrome on the PATH: the report is not opened");
    Path page = report();
    Path errors = folder.resolve("err.txt");
    Path net = folder.resolve("net.json");
    String dom =
        run(
            browser.get(),
            errors,
            "--log-net-log=" + net,
            "--virtual-time-budget=2000",
            "--dump-dom",
            page.toUri().toString());
    // Whatever the page tried to run or load would be refused by its policy, and said here.
    assertThat(Files.readString(errors)).doesNotContain("CONSOLE");
    // Only what a page asks for has it as its initiator.
    assertThat(Files.readString(net)).doesNotContain("example.com");
    List<Integer> lines =
        Pattern.compile("<polyline points=\"([^\"]*)\"")
            .matcher(dom)
            .results()
            .map(m -> m.group(1).split(" ").length)
            .toList();
    // Loss and validation loss up to the gap, then the learning rate: all 8 steps.
    assertThat(lines).containsExactly(2, 2, 8);
    assertThat(Pattern.compile("<circle ").matcher(dom).results().count()).isEqualTo(6);
    assertThat(dom)
        .contains("aria-label=\"loss\"", "aria-label=\"learning rate\"", "id=\"samples\"")
        .contains("&lt;script&gt;fetch", "class=\"right deep\"")
        .doesNotContain("<script", "<img src=\"http");
  }

  /** The check itself: a page that does fetch and complain is noticed. */
  @Test
  void aPageThatRunsAndFetchesIsNoticed() throws IOException, InterruptedException {
    Optional<Path> browser = browser();
    assumeTrue(browser.isPresent(), "no chromium or chrome on the PATH");
    Path page = report();
    String bad =
        Files.readString(page)
            .replace("<footer>", "<script>x()</script><img src=http://example.com/z><footer>");
    Files.writeString(page, bad);
    Path errors = folder.resolve("err.txt");
    run(browser.get(), errors, "--dump-dom", page.toUri().toString());
    assertThat(Files.readString(errors)).contains("CONSOLE", "Content Security Policy");
  }
}
