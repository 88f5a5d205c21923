package modelc.frontend.diagnostic;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import modelc.frontend.FakeCatalog;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.frontend.Limits;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Golden texts: a wrong source in, the rendered diagnostics out. A source is {@code
 * CODE-variant.model}, or a folder with a {@code main.model}; its first line may set limits or
 * model parameters. Run with {@code -Dbless=true} to rewrite.
 */
class DiagnosticsTest {
  private static final Pattern DIRECTIVE = Pattern.compile("// (limits|set): (\\w+)=(.*)");

  static Path folder() {
    Path inModule = Path.of("src/test/resources/diagnostics");
    return Files.isDirectory(inModule) ? inModule : Path.of("frontend").resolve(inModule);
  }

  static List<String> cases() throws IOException {
    try (Stream<Path> all = Files.list(folder())) {
      return all.map(p -> p.getFileName().toString())
          .filter(n -> !n.endsWith(".txt"))
          .map(n -> n.replace(".model", ""))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isSaidAsExpected(String name) throws IOException {
    String said = said(name);
    assertThat(said)
        .contains("error[" + name.substring(0, 5) + "]")
        .containsPattern(" --> [^\\n]+:\\d+:\\d+\\n")
        .contains(" = help: ");
    Path golden = folder().resolve(name + ".txt");
    if (Boolean.getBoolean("bless")) {
      Files.writeString(golden, said);
    } else {
      assertThat(golden).exists();
      assertThat(said).isEqualTo(Files.readString(golden));
    }
  }

  @Test
  void everyCodeHasACase() throws IOException {
    List<String> names = cases();
    for (Code c : Code.values()) {
      assertThat(names).as(c + " " + c.name()).anyMatch(n -> n.startsWith(c.toString()));
    }
  }

  @Test
  void numbersAreUnique() {
    assertThat(Stream.of(Code.values()).map(Code::toString)).doesNotHaveDuplicates();
  }

  private static String said(String name) throws IOException {
    Path inFolder = folder().resolve(name);
    boolean several = Files.isDirectory(inFolder);
    Path main = several ? inFolder.resolve("main.model") : folder().resolve(name + ".model");
    // One case is no UTF-8, and is a folder's.
    String text = Files.readString(main, several ? ISO_8859_1 : UTF_8);
    FrontendOptions options = options(text);
    try {
      if (several) {
        Frontend.load(main, options);
      } else {
        Frontend.load(name + ".model", text, options);
      }
    } catch (DiagnosticException e) {
      return e.render().replace(inFolder + "/", "");
    }
    return fail(name + " is right");
  }

  private static FrontendOptions options(String text) {
    Matcher m = DIRECTIVE.matcher(text.lines().findFirst().orElse(""));
    var options = FrontendOptions.of(new FakeCatalog());
    if (!m.matches()) {
      return options;
    }
    return m.group(1).equals("limits")
        ? options.withLimits(limits(Map.of(m.group(2), Long.parseLong(m.group(3)))))
        : new FrontendOptions(Map.of(m.group(2), m.group(3)), Map.of(), new FakeCatalog());
  }

  /** The default limits with some replaced, by name. */
  private static Limits limits(Map<String, Long> replaced) {
    try {
      var types = new ArrayList<Class<?>>();
      var values = new ArrayList<Object>();
      Map<String, Long> left = new HashMap<>(replaced);
      for (RecordComponent c : Limits.class.getRecordComponents()) {
        types.add(c.getType());
        Long v = left.remove(c.getName());
        Object otherwise = c.getAccessor().invoke(Limits.DEFAULT);
        values.add(v == null ? otherwise : c.getType() == int.class ? (Object) v.intValue() : v);
      }
      assertThat(left).isEmpty();
      return Limits.class
          .getDeclaredConstructor(types.toArray(Class[]::new))
          .newInstance(values.toArray());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
