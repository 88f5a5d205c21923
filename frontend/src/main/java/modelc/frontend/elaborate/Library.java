package modelc.frontend.elaborate;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import modelc.frontend.Limits;
import modelc.frontend.ast.Decl;
import modelc.frontend.ast.SourceFile;
import modelc.frontend.diagnostic.Sources;
import modelc.frontend.parse.Syntax;

/** The standard library: {@code .model} files like any other, read once, shared by all, and seeing only themselves. */
public final class Library {
  /** What the names of its files begin with, in spans. */
  public static final String PREFIX = "<std>/";

  /** Its files, in the order they are documented. */
  public static final List<String> FILES =
      List.of(
          "tensors", "activations", "layers", "normalization", "losses", "metrics", "initializers", "optimizers",
          "schedules");

  /** A module with the words of the language and nothing else. */
  static final Module WORDS = new Module(PREFIX + "words", null);

  private Library() {}

  /** The text of one of its files. */
  public static String text(String file) {
    try (InputStream in = Library.class.getResourceAsStream("/modelc/std/" + file + ".model")) {
      if (in == null) {
        throw new IllegalStateException("the library has no file " + file);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All its declarations, by file. */
  public static List<SourceFile> files() {
    return Loaded.FILES;
  }

  static Module module() {
    return Loaded.MODULE;
  }

  private static final class Loaded {
    static final Sources SOURCES = new Sources();
    static final List<SourceFile> FILES =
        Library.FILES.stream()
            .map(f -> Syntax.parse(PREFIX + f + ".model", text(f), SOURCES, Limits.DEFAULT))
            .toList();
    static final Module MODULE = new Module(PREFIX, null);

    static {
      for (SourceFile file : FILES) {
        for (Decl d : file.declarations()) {
          if (!MODULE.declare(d)) {
            throw new IllegalStateException("the library declares " + d.name().name() + " twice");
          }
        }
      }
    }
  }
}
