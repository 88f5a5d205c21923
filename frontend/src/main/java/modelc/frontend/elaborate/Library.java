package modelc.frontend.elaborate;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import modelc.frontend.Limits;
import modelc.frontend.ast.Decl;
import modelc.frontend.ast.SourceFile;
import modelc.frontend.diagnostic.Sources;
import modelc.frontend.parse.Syntax;

/**
 * The standard library: {@code .model} files like any other, shared by all, and seeing only
 * themselves. A declaration is parsed when it is first asked for, so that a compilation pays for
 * what it uses.
 */
public final class Library {
  /** What the names of its files begin with, in spans. */
  public static final String PREFIX = "<std>/";

  /** Its files, in the order they are documented. */
  public static final List<String> FILES =
      List.of(
          "tensors",
          "activations",
          "layers",
          "pooling",
          "images",
          "blocks",
          "normalization",
          "losses",
          "metrics",
          "initializers",
          "optimizers",
          "schedules");

  /** A module with the words of the language and nothing else. */
  static final Module WORDS = new Module(PREFIX + "words", Map.of());

  /** Every declaration of the library begins a line. */
  private static final Pattern DECLARATION =
      Pattern.compile("^(?:fn|layer|model|optimizer) +(\\w+)", Pattern.MULTILINE);

  private Library() {}

  /** The text of one of its files. */
  public static String text(String file) {
    try (InputStream in = Library.class.getResourceAsStream("/modelc/std/" + file + ".model")) {
      if (in == null) {
        throw new IllegalStateException("the library has no file " + file);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One of its files, parsed whole. */
  public static SourceFile file(String file) {
    return Syntax.parse(PREFIX + file + ".model", text(file), new Sources(), Limits.DEFAULT);
  }

  static Module module() {
    return Loaded.MODULE;
  }

  private static final class Loaded {
    static final Module MODULE = new Module(PREFIX, index());
  }

  /**
   * Where each declaration stands: its text, with as many lines before it as there are in its file.
   */
  private static Map<String, Module.Unparsed> index() {
    Map<String, Module.Unparsed> index = new LinkedHashMap<>();
    for (String file : FILES) {
      String text = text(file);
      Matcher m = DECLARATION.matcher(text);
      int start = m.find() ? m.start() : -1;
      while (start >= 0) {
        String name = m.group(1);
        int from = start;
        start = m.find() ? m.start() : -1;
        String own = text.substring(from, start < 0 ? text.length() : start);
        int line = (int) text.substring(0, from).chars().filter(c -> c == '\n').count();
        if (index.put(name, () -> parse(file, "\n".repeat(line) + own)) != null) {
          throw new IllegalStateException("the library declares " + name + " twice");
        }
      }
    }
    return index;
  }

  private static Decl parse(String file, String text) {
    List<Decl> all =
        Syntax.parse(PREFIX + file + ".model", text, new Sources(), Limits.DEFAULT).declarations();
    return all.getFirst();
  }
}
