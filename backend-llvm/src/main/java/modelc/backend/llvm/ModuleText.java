package modelc.backend.llvm;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The text of one LLVM module under construction: functions, and the declarations and helper
 * functions they turn out to need. It does not look into function bodies.
 */
public final class ModuleText {
  private final Set<String> declarations = new LinkedHashSet<>();
  private final Map<String, String> helpers = new LinkedHashMap<>();
  private final StringBuilder functions = new StringBuilder();
  private final boolean fuses;

  /** Of a machine that multiplies and adds in one step, rounding once. */
  public ModuleText() {
    this(true);
  }

  /**
   * @param fuses whether the machine multiplies and adds in one step: where it does not, LLVM's
   *     {@code fma} is a call for each lane
   */
  public ModuleText(boolean fuses) {
    this.fuses = fuses;
  }

  boolean fuses() {
    return fuses;
  }

  /** Adds a {@code declare} or a global once. */
  public void declare(String line) {
    declarations.add(line);
  }

  /**
   * Adds a helper function once, under a name; {@code definition} may itself ask for declarations
   * and helpers.
   */
  public void helper(String name, Supplier<String> definition) {
    if (!helpers.containsKey(name)) {
      helpers.put(name, "");
      helpers.put(name, definition.get());
    }
  }

  public void function(String definition) {
    functions.append(definition).append('\n');
  }

  public String text() {
    var out = new StringBuilder();
    for (String d : declarations) {
      out.append(d).append('\n');
    }
    out.append('\n').append(functions);
    for (String h : helpers.values()) {
      out.append(h).append('\n');
    }
    return out.toString();
  }
}
