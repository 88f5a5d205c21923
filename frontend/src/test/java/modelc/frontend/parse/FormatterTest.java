package modelc.frontend.parse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import modelc.frontend.Checked;
import modelc.frontend.DataCatalog;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.frontend.Limits;
import modelc.frontend.diagnostic.DiagnosticException;
import modelc.ir.DType;
import modelc.ir.TensorType;
import modelc.ir.tensor.Printer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The layout that {@code modelc fmt} gives: its rules, and the files of the project. */
class FormatterTest {
  private static String format(String text) {
    String once = Formatter.format("x.model", text, Limits.DEFAULT);
    assertThat(Formatter.format("x.model", once, Limits.DEFAULT)).isEqualTo(once);
    return once;
  }

  private static void formats(String text, String expected) {
    assertThat(format(text)).isEqualTo(expected);
  }

  private static List<Path> files(String... folders) throws IOException {
    Path root = Files.isDirectory(Path.of("examples")) ? Path.of("") : Path.of("..");
    var files = new ArrayList<Path>();
    for (String folder : folders) {
      try (Stream<Path> all = Files.walk(root.resolve(folder), 2)) {
        all.filter(p -> p.toString().endsWith(".model")).sorted().forEach(files::add);
      }
    }
    return files;
  }

  static List<Path> ours() throws IOException {
    return files("examples", "frontend/src/main/resources/modelc/std");
  }

  static List<Path> examples() throws IOException {
    return files("examples");
  }

  static List<Path> broken() throws IOException {
    return files("frontend/src/test/resources/diagnostics");
  }

  /** Run with {@code -Dbless=true} to lay them out. */
  @ParameterizedTest
  @MethodSource("ours")
  void filesOfTheProjectAreLaidOut(Path file) throws IOException {
    String text = Files.readString(file);
    String formatted = format(text);
    if (Boolean.getBoolean("bless")) {
      Files.writeString(file, formatted);
    } else {
      assertThat(formatted).isEqualTo(text);
    }
  }

  @ParameterizedTest
  @MethodSource("broken")
  void whatIsWrongIsLaidOutTheSameTwiceOrRefused(Path file) throws IOException {
    // One of them is no UTF-8: as Latin-1 all of them are some text.
    String text = Files.readString(file, ISO_8859_1);
    try {
      format(text);
    } catch (DiagnosticException e) {
      assertThat(e.render()).contains("error[E01").doesNotContain("E0201");
    }
  }

  /** Whatever a layout does to a file, the network stays the same. */
  @ParameterizedTest
  @MethodSource("examples")
  void theNetworkStaysTheSame(Path file) throws IOException {
    String text = Files.readString(file);
    String without = text.replaceAll("(?m)^ +", "").replaceAll("(?m)(\\S)  +(?=[^/\"]*$)", "$1 ");
    assertThat(without).isNotEqualTo(text);
    String formatted = format(without);
    if (text.contains("import ")) {
      return;
    }
    String name = file.getFileName().toString();
    assertThat(ir(name, formatted)).isEqualTo(ir(name, text));
  }

  private static String ir(String name, String text) {
    String models = text.replaceAll("(?s)\\btrain \\w+ *\\{.*?\\n\\}", "");
    var printed = new StringBuilder();
    var names = new ArrayList<String>();
    java.util.regex.Pattern.compile("(?m)^model (\\w+)")
        .matcher(models)
        .results()
        .forEach(m -> names.add(m.group(1)));
    for (String model : names) {
      Checked c = Frontend.load(name, models, FrontendOptions.of(ANY).withModel(model));
      printed.append(Printer.print(c.program()));
    }
    return printed.toString();
  }

  private static final DataCatalog ANY =
      source -> List.of(new DataCatalog.Column("x", TensorType.of(DType.F32, 2)));

  @Test
  void blocksAreIndentedAndSpacesSet() {
    formats(
        """
        model  M(n:int=3){
        input x:f32[ 4,2 ]
          y=x*-2^n -x [0] + f( x,k=-1 ) .h
        if not(n>3)and true {y=y}
        for i in 0 .. n-1
        {
          y = [...s,-1]
        }
        else_=1;b=2 ;
        output z=y
        }
        """,
        """
        model M(n: int = 3) {
            input x: f32[4, 2]
            y = x * -2^n - x[0] + f(x, k = -1).h
            if not (n > 3) and true { y = y }
            for i in 0..n - 1 {
                y = [...s, -1]
            }
            else_ = 1;  b = 2;
            output z = y
        }
        """);
  }

  @Test
  void commentsStayWhereTheyAre() {
    formats(
        """
        //first
        fn f(x) { // opens
              // of the next line
          y = x // too near
          z = x                // far
            // before the brace
        } // closes
        // last""",
        """
        //first
        fn f(x) {  // opens
            // of the next line
            y = x  // too near
            z = x              // far
            // before the brace
        }  // closes

        // last
        """);
  }

  @Test
  void columnsStay() {
    formats(
        """
        train M {
          data   = digits()   // one
          loss     = 1
          epochs = 3          // two
          batch       = 4
        }
        """,
        """
        train M {
            data = digits()   // one
            loss = 1
            epochs = 3        // two
            batch = 4
        }
        """);
    formats(
        """
        fn f(x) {
            if x == 1 { return 2 }
            else      { return 31 }
            y  = x -> a(1)     -> b
                   -> long(22) -> c
            return y
        }
        """,
        """
        fn f(x) {
            if x == 1 { return 2 }
            else      { return 31 }
            y = x -> a(1)     -> b
                  -> long(22) -> c
            return y
        }
        """);
  }

  @Test
  void whatGoesOnIsIndented() {
    formats(
        """
        layer l(a: int,
           b: int)
         x: [n] {
        y = f(a,
          b) -> g(
        1,
        h(
        2
        )
        )
        -> k
        z = if a == 1 then 2
            else 3
        w = a
          + b
        }
        """,
        """
        layer l(a: int,
                b: int)
                x: [n] {
            y = f(a,
                  b) -> g(
                      1,
                      h(
                          2
                      )
                  )
                -> k
            z = if a == 1 then 2
                else 3
            w = a
              + b
        }
        """);
  }

  @Test
  void bracesJoinTheLineAboveAndEmptyLinesAreOne() {
    formats(
        """

        fn f(x)
        {


          y = x


          if x == 1
          {
            y = 2
          }
          else
          {

            y = 3

          }
          return y
        }
        gradient (y, g)
        { return g }
        fn g() { }
        """,
        """
        fn f(x) {
            y = x

            if x == 1 {
                y = 2
            } else {
                y = 3
            }
            return y
        } gradient (y, g) { return g }

        fn g() {}
        """);
  }

  @Test
  void tabsLineEndsAndBomGo() {
    formats("\uFEFFfn f(x) {\r\n\ty = x\u00A0+ 1\r\n}", "fn f(x) {\n    y = x + 1\n}\n");
  }

  @Test
  void selectorsAndHeads() {
    formats(
        "optimizer o(lr = 1) w, g { w <- w - on*g }\ntrain M { optimizer=o()on * dense . w }\n",
        """
        optimizer o(lr = 1)  w, g { w <- w - on * g }

        train M { optimizer = o() on *dense.w }
        """);
  }

  @Test
  void whatIsNotWellFormedIsRefused() {
    assertThatThrownBy(() -> format("model M { input x f32[2] }"))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("E0103");
  }

  @Test
  void longLinesAndManyLinesTakeNoTime() {
    String line = "    y = x" + " + x * 2".repeat(400) + "\n";
    format("fn f(x) {\n" + line.repeat(40) + "    return y\n}\n");
    format("fn f(x) {\n" + "    y  = x  // c\n".repeat(20_000) + "    return y\n}\n");
  }
}
