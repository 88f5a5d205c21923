package modelc.frontend.elaborate;

import java.util.Collection;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import modelc.frontend.ast.Decl;
import org.jspecify.annotations.Nullable;

/**
 * One file's names: what it declares, what it imports, and the library below, which it may shadow
 * and which never sees it.
 */
final class Module {
  /** A declaration of the library that nobody has asked for yet. */
  interface Unparsed {
    Decl parse();
  }

  private final String file;
  private final @Nullable Module library;
  private final Map<String, Unparsed> unparsed;
  private final Map<String, Val> names = new ConcurrentHashMap<>();

  /** A file above the library. */
  Module(String file, @Nullable Module library) {
    this.file = file;
    this.library = library;
    this.unparsed = Map.of();
  }

  /** The library itself. */
  Module(String file, Map<String, Unparsed> unparsed) {
    this.file = file;
    this.library = null;
    this.unparsed = unparsed;
  }

  String file() {
    return file;
  }

  /**
   * Adds a declaration; false if the name is taken in this file. Train blocks have no name of their
   * own.
   */
  boolean declare(Decl decl) {
    return decl instanceof Decl.Train || names.putIfAbsent(decl.name().name(), value(decl)) == null;
  }

  private Val value(Decl decl) {
    return switch (decl) {
      case Decl.Fn f -> new Val.Function(f, this);
      case Decl.Layer _, Decl.Model _ -> new Val.LayerKind(decl, this);
      case Decl.Optimizer o -> new Val.OptimizerKind(o, this);
      case Decl.Train t ->
          throw new IllegalArgumentException("train " + t.name().name() + " is no value");
    };
  }

  /** Adds an imported name; false if it is taken. */
  boolean bind(String name, Val value) {
    return names.putIfAbsent(name, value) == null;
  }

  /** What this file itself declares or imports under the name. */
  @Nullable Val own(String name) {
    Unparsed later = unparsed.get(name);
    return later == null ? names.get(name) : names.computeIfAbsent(name, _ -> value(later.parse()));
  }

  /** What the name means at the top of this file, or null. */
  @Nullable Val lookup(String name) {
    Val own = own(name);
    if (own != null) {
      return own;
    }
    return library == null ? Words.lookup(name) : library.lookup(name);
  }

  /** What this file declares or imports. */
  Collection<String> declared() {
    var all = new TreeSet<>(names.keySet());
    all.addAll(unparsed.keySet());
    return all;
  }

  /** Every name that means something at the top of this file. */
  Collection<String> known() {
    Collection<String> all = declared();
    all.addAll(library == null ? Words.all() : library.known());
    return all;
  }
}
