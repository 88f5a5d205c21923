package modelc.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;

/**
 * Writes the objects of {@code --json}: maps, lists, strings and numbers; indented, or each on one
 * line where there are several.
 */
final class Json {
  private static final Gson LINE =
      new GsonBuilder().disableHtmlEscaping().serializeSpecialFloatingPointValues().create();
  private static final Gson INDENTED = LINE.newBuilder().setPrettyPrinting().create();

  private Json() {}

  static void print(Object value) {
    System.out.println(INDENTED.toJson(value));
  }

  /** One line, at once: whoever reads along sees it now. */
  static void line(Object value) {
    System.out.println(LINE.toJson(value));
    System.out.flush();
  }
}
