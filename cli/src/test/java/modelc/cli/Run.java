package modelc.cli;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * What a command printed and gave.
 *
 * @param code it ended with
 */
record Run(int code, String out, String err) {
  /** The examples, whether tests run in their module or at the root. */
  static final Path EXAMPLES =
      Files.isDirectory(Path.of("../examples")) ? Path.of("../examples") : Path.of("examples");

  /** Runs a command in this process, with the texts of {@code arguments}. */
  static Run run(Object... arguments) {
    var out = new ByteArrayOutputStream();
    Run run = printing(new PrintStream(out, true, StandardCharsets.UTF_8), arguments);
    return new Run(run.code, out.toString(StandardCharsets.UTF_8), run.err);
  }

  /** The same with a standard output of the caller's, which keeps what is printed. */
  static Run printing(PrintStream to, Object... arguments) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    var errBytes = new ByteArrayOutputStream();
    try {
      System.setOut(to);
      System.setErr(new PrintStream(errBytes, true, StandardCharsets.UTF_8));
      int code = Main.run(Arrays.stream(arguments).map(Object::toString).toArray(String[]::new));
      return new Run(code, "", errBytes.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  /** The one object on standard output. */
  JsonObject json() {
    return JsonParser.parseString(out).getAsJsonObject();
  }

  /** The objects on standard output, one a line. */
  List<JsonObject> lines() {
    return out.lines().map(l -> JsonParser.parseString(l).getAsJsonObject()).toList();
  }
}
