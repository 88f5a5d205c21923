package modelc.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;

/**
 * Writes the objects of {@code --json}: maps, lists, strings and numbers, as one indented object.
 */
final class Json {
  private static final Gson GSON =
      new GsonBuilder()
          .setPrettyPrinting()
          .disableHtmlEscaping()
          .serializeSpecialFloatingPointValues()
          .create();

  private Json() {}

  static void print(Object value) {
    System.out.println(GSON.toJson(value));
  }
}
