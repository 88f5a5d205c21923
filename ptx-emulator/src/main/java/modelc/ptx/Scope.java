package modelc.ptx;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Names within braces; those around are seen too. */
final class Scope {
  private final @Nullable Scope parent;
  private final Map<String, Symbol> names = new HashMap<>();

  /** Where {@code ret} goes; null in a kernel, where it ends the thread. */
  final Flow.@Nullable Label end;

  Scope(@Nullable Scope parent, Flow.@Nullable Label end) {
    this.parent = parent;
    this.end = end;
  }

  void declare(String name, Symbol symbol) {
    names.put(name, symbol);
  }

  @Nullable Symbol find(String name) {
    for (Scope s = this; s != null; s = s.parent) {
      Symbol found = s.names.get(name);
      if (found != null) {
        return found;
      }
    }
    return null;
  }
}
