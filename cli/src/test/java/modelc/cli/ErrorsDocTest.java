package modelc.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import modelc.frontend.diagnostic.Code;
import org.junit.jupiter.api.Test;

/** docs/errors.md has each code of the sources, once, and no other; each is told in a test. */
class ErrorsDocTest {
  private static final Path ROOT =
      Path.of("docs").toFile().isDirectory() ? Path.of("") : Path.of("..");
  private static final Pattern CODE = Pattern.compile("\"([A-Z]\\d{4})\"");
  private static final Pattern TESTED = Pattern.compile("(?:\"|, |\\[)([CDR]\\d{4})(?:\"|, |\\])");

  /** What only a GPU, or a damaged JDK or bundle, brings about. */
  private static final Set<String> UNTESTED =
      Set.of("C0123", "C0124", "R0712", "R0713", "R0903", "R0905", "R0908", "R0909", "R0910");

  private static final Pattern TOLD =
      Pattern.compile("error\\[E\\d{4}]: .+\n *--> .+:\\d+:\\d+\n(?s:.+)  = help: .+");
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| ([A-Z]\\d{4}) \\| (.+) \\| (.+) \\|$");

  /** In which files of the sources a code stands. */
  private static Map<String, List<String>> sources() throws IOException {
    return found("src/main/java", CODE);
  }

  private static Map<String, List<String>> found(String folder, Pattern code) throws IOException {
    var found = new TreeMap<String, List<String>>();
    try (Stream<Path> modules = Files.list(ROOT.toAbsolutePath().normalize())) {
      for (Path module : modules.filter(m -> Files.isDirectory(m.resolve(folder))).toList()) {
        try (Stream<Path> files = Files.walk(module.resolve(folder))) {
          for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
            code.matcher(Files.readString(file))
                .results()
                .map(m -> m.group(1))
                .distinct()
                .forEach(
                    c ->
                        found
                            .computeIfAbsent(c, _ -> new ArrayList<>())
                            .add(file.getFileName().toString()));
          }
        }
      }
    }
    return found;
  }

  private static List<MatchResult> rows() throws IOException {
    return ROW.matcher(Files.readString(ROOT.resolve("docs/errors.md"))).results().toList();
  }

  @Test
  void everyCodeIsExplainedAndNoOther() throws IOException {
    List<String> explained = rows().stream().map(m -> m.group(1)).toList();
    assertThat(explained).doesNotHaveDuplicates().hasSizeGreaterThan(100);
    assertThat(new TreeSet<>(explained)).isEqualTo(sources().keySet());
  }

  /**
   * Those of the front end as a whole, with place and help, in a file of their own; the others in a
   * test that looks at code and cure.
   */
  @Test
  void everyCodeIsToldInATest() throws IOException {
    var missing = new TreeSet<>(sources().keySet());
    missing.removeAll(found("src/test/java", TESTED).keySet());
    Path diagnostics = ROOT.resolve("frontend/src/test/resources/diagnostics");
    for (Code code : Code.values()) {
      Path told = diagnostics.resolve(code + ".txt");
      if (Files.exists(told) && TOLD.matcher(Files.readString(told)).find()) {
        missing.remove(code.toString());
      }
    }
    missing.removeAll(UNTESTED);
    assertThat(missing).as("codes without a test").isEmpty();
  }

  @Test
  void aCodeStandsInOneFile() throws IOException {
    sources().forEach((code, files) -> assertThat(files).as(code).hasSize(1));
  }

  @Test
  void diagnosticsAreExplainedByTheirTitlesAndCures() throws IOException {
    var said = new TreeMap<String, String>();
    for (Code code : Code.values()) {
      said.put(code.toString(), code.title() + " | " + code.cure());
    }
    var explained = new TreeMap<String, String>();
    rows().stream()
        .filter(m -> m.group(1).startsWith("E"))
        .forEach(m -> explained.put(m.group(1), m.group(2) + " | " + m.group(3)));
    assertThat(explained).isEqualTo(said);
  }
}
