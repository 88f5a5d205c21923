package modelc.frontend.elaborate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.frontend.FrontendOptions;
import modelc.frontend.ast.Decl;
import modelc.frontend.ast.Expr;
import modelc.frontend.ast.SourceFile;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.frontend.diagnostic.DiagnosticException;
import modelc.frontend.diagnostic.Sources;
import modelc.frontend.diagnostic.Suggestions;
import modelc.frontend.parse.SourceText;
import modelc.frontend.parse.Syntax;
import modelc.ir.Span;
import org.jspecify.annotations.Nullable;

/**
 * A source file with everything it imports: read, parsed and bound together. It evaluates nothing.
 */
public final class Project {
  private final FrontendOptions options;
  private final Sources sources;
  private final Map<Path, Module> modules = new HashMap<>();
  private final Deque<Path> open = new ArrayDeque<>();
  private final List<Bound> files = new ArrayList<>();
  private final List<Diagnostic> errors = new ArrayList<>();
  private final @Nullable Path root;

  private Project(FrontendOptions options, Sources sources, @Nullable Path root) {
    this.options = options;
    this.sources = sources;
    this.root = root;
  }

  /** A loaded project. */
  record Loaded(SourceFile main, Module module, List<Bound> files) {}

  /** A file and what its names mean. */
  record Bound(SourceFile file, Module module) {}

  static Loaded load(Path file, FrontendOptions options, Sources sources) throws IOException {
    Path real = file.toRealPath();
    Path root = options.root().isPresent() ? options.root().get().toRealPath() : real.getParent();
    var project = new Project(options, sources, root);
    SourceFile main =
        Syntax.parse(
            file.toString(),
            SourceText.read(real, file.toString(), options.limits()),
            sources,
            options.limits());
    return project.finish(main, real);
  }

  static Loaded load(String name, String text, FrontendOptions options, Sources sources) {
    var project = new Project(options, sources, null);
    return project.finish(Syntax.parse(name, text, sources, options.limits()), null);
  }

  private Loaded finish(SourceFile main, @Nullable Path path) {
    Module module = bind(main, path);
    if (!errors.isEmpty()) {
      throw new DiagnosticException(errors, sources);
    }
    return new Loaded(main, module, files);
  }

  private Module bind(SourceFile file, @Nullable Path path) {
    if (path != null) {
      open.push(path);
    }
    var module = new Module(file.name(), Library.module());
    files.add(new Bound(file, module));
    var places = new HashMap<String, Span>();
    for (Decl d : file.declarations()) {
      if (!module.declare(d)) {
        errors.add(twice(d.name(), places));
      }
      if (!(d instanceof Decl.Train)) {
        places.putIfAbsent(d.name().name(), d.name().span());
      }
    }
    for (SourceFile.Import i : file.imports()) {
      importAll(i, path, module, places);
    }
    if (path != null) {
      open.pop();
      modules.put(path, module);
    }
    return module;
  }

  private static Diagnostic twice(Expr.Name name, Map<String, Span> places) {
    Diagnostic d =
        Diagnostic.of(
            Code.DEFINED_TWICE,
            name.span(),
            "`" + name.name() + "` is defined twice in this file",
            "");
    Span first = places.get(name.name());
    return first == null ? d : d.withLabel(first, "the first time here");
  }

  private void importAll(
      SourceFile.Import i, @Nullable Path from, Module into, Map<String, Span> places) {
    Module module = from == null ? unavailable(i) : find(i, from);
    for (Expr.Name n : i.names()) {
      Val v = module == null ? Val.POISON : module.own(n.name());
      if (v == null) {
        errors.add(
            Diagnostic.of(
                    Code.IMPORT, n.span(), "`" + i.path() + "` declares no `" + n.name() + "`", "")
                .withHelp(
                    Suggestions.help(n.name(), module == null ? List.of() : module.declared())));
        v = Val.POISON;
      }
      if (!into.bind(n.name(), v)) {
        errors.add(twice(n, places));
      }
      places.putIfAbsent(n.name(), n.span());
    }
  }

  private @Nullable Module unavailable(SourceFile.Import i) {
    errors.add(
        Diagnostic.of(Code.IMPORT, i.pathSpan(), "a source without a file imports nothing", ""));
    return null;
  }

  private @Nullable Module find(SourceFile.Import i, Path from) {
    Path path;
    try {
      Path given = Path.of(i.path());
      Path target = from.resolveSibling(given).normalize();
      if (given.isAbsolute() || root == null || !target.startsWith(root)) {
        return outside(i);
      }
      if (!Files.isRegularFile(target)) {
        errors.add(
            Diagnostic.of(Code.IMPORT, i.pathSpan(), "there is no file `" + i.path() + "`", "")
                .withHelp(Optional.of("paths are relative to the importing file")));
        return null;
      }
      path = target.toRealPath();
      if (!path.startsWith(root)) {
        return outside(i);
      }
    } catch (java.nio.file.InvalidPathException | IOException e) {
      errors.add(
          Diagnostic.of(
              Code.IMPORT,
              i.pathSpan(),
              "`" + i.path() + "` cannot be read: " + e.getMessage(),
              ""));
      return null;
    }
    Module known = modules.get(path);
    if (known != null) {
      return known;
    }
    if (open.contains(path)) {
      errors.add(
          Diagnostic.of(
                  Code.IMPORT_CYCLE,
                  i.pathSpan(),
                  "this import comes back to a file that imports this one",
                  "")
              .withHelp("move what both need into a third file"));
      return null;
    }
    if (files.size() >= options.limits().files()) {
      errors.add(
          Diagnostic.of(
              Code.LIMIT_FILES,
              i.pathSpan(),
              "the project has more than " + options.limits().files() + " files",
              "the limit `files` is reached here"));
      return null;
    }
    return bind(parse(path, i), path);
  }

  private SourceFile parse(Path path, SourceFile.Import i) {
    try {
      String shown = root == null ? path.toString() : root.relativize(path).toString();
      String text = SourceText.read(path, shown, options.limits());
      return Syntax.parse(shown, text, sources, options.limits());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private @Nullable Module outside(SourceFile.Import i) {
    errors.add(
        Diagnostic.of(
                Code.IMPORT_OUTSIDE,
                i.pathSpan(),
                "`" + i.path() + "` is outside the project's folder",
                "")
            .withHelp("imports are relative paths inside the folder of the file that is compiled"));
    return null;
  }
}
