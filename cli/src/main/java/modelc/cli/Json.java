package modelc.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonNull;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;

/**
 * Writes the objects of {@code --json}: maps, lists, strings and numbers (what is not finite as
 * null); indented, or each on one line where there are several.
 */
final class Json {
  // JSON knows neither NaN nor infinities.
  private static final JsonSerializer<Double> NUMBERS =
      (x, _, _) -> x.isNaN() || x.isInfinite() ? JsonNull.INSTANCE : new JsonPrimitive(x);
  private static final Gson LINE =
      new GsonBuilder()
          .disableHtmlEscaping()
          .serializeNulls()
          .registerTypeAdapter(Double.class, NUMBERS)
          .create();
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
