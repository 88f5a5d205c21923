package modelc.frontend.elaborate;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import modelc.frontend.ast.Decl;
import org.jspecify.annotations.Nullable;

/**
 * One file's names: what it declares, what it imports, and the library below, which it may shadow and which never sees
 * it.
 */
final class Module {
  private final String file;
  private final @Nullable Module library;
  private final Map<String, Val> names = new LinkedHashMap<>();

  Module(String file, @Nullable Module library) {
    this.file = file;
    this.library = library;
  }

  String file() {
    return file;
  }

  boolean isLibrary() {
    return library == null;
  }

  /** Adds a declaration; false if the name is taken in this file. Train blocks have no name of their own. */
  boolean declare(Decl decl) {
    Val value =
        switch (decl) {
          case Decl.Fn f -> new Val.Function(f, this);
          case Decl.Layer _, Decl.Model _ -> new Val.LayerKind(decl, this);
          case Decl.Optimizer o -> new Val.OptimizerKind(o, this);
          case Decl.Train _ -> null;
        };
    return value == null || names.putIfAbsent(decl.name().name(), value) == null;
  }

  /** Adds an imported name; false if it is taken. */
  boolean bind(String name, Val value) {
    return names.putIfAbsent(name, value) == null;
  }

  /** What this file itself declares or imports under the name. */
  @Nullable Val own(String name) {
    return names.get(name);
  }

  /** What the name means at the top of this file, or null. */
  @Nullable Val lookup(String name) {
    Val own = names.get(name);
    if (own != null) {
      return own;
    }
    return library == null ? Words.lookup(name) : library.lookup(name);
  }

  /** What this file declares or imports. */
  Collection<String> declared() {
    return new TreeSet<>(names.keySet());
  }

  /** Every name that means something at the top of this file. */
  Collection<String> known() {
    var all = new TreeSet<>(names.keySet());
    all.addAll(library == null ? Words.all() : library.known());
    return all;
  }
}
