package modelc.frontend.elaborate;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import modelc.frontend.ast.Decl;
import modelc.ir.Span;
import org.jspecify.annotations.Nullable;

/**
 * One layer: a declaration, its configuration, and a place in the tree of layers that gives its
 * parameters their names. It holds no tensors; those belong to the entry being built.
 */
final class Instance {
  /** Where in its parent a layer was made: the call, and the loop turns around it. */
  record Site(Span call, String loops) {}

  private final Decl decl;
  private final Module module;
  private final Map<String, Val> config;
  private final @Nullable Instance parent;
  private final Span made;
  private final String loops;
  private final Map<Site, Instance> children = new HashMap<>();
  private final Map<String, Integer> stages = new HashMap<>();
  private final Set<String> taken = new HashSet<>();
  private final Set<String> declared = new HashSet<>();
  private @Nullable String name;
  private int applications;

  Instance(
      Decl decl,
      Module module,
      Map<String, Val> config,
      @Nullable Instance parent,
      Span made,
      String loops) {
    this.decl = decl;
    this.module = module;
    this.config = config;
    this.parent = parent;
    this.made = made;
    this.loops = loops;
    if (parent == null) {
      this.name = "";
    }
  }

  Decl decl() {
    return decl;
  }

  Module module() {
    return module;
  }

  Map<String, Val> config() {
    return config;
  }

  Span made() {
    return made;
  }

  boolean isNamed() {
    return name != null;
  }

  /** Whether that label, in the loop the layer was made in, is its name. */
  boolean isCalled(String label) {
    return (label + loops).equals(name);
  }

  /** The layer made at that place of this one's body before, or null. */
  @Nullable Instance child(Site site) {
    return children.get(site);
  }

  /** The layers made in this one that have a name. */
  List<Instance> named() {
    return children.values().stream().filter(Instance::isNamed).toList();
  }

  void adopt(Site site, Instance child) {
    children.put(site, child);
  }

  /** A stage applied directly inside this layer by that name, or null. */
  @Nullable Instance named(String name) {
    for (Instance i : children.values()) {
      if (name.equals(i.name)) {
        return i;
      }
    }
    return null;
  }

  /**
   * Gives the layer the name a label or binding says. The name a loop is in carries its index.
   *
   * @return false if a sibling has it
   */
  boolean label(String label) {
    String full = label + loops;
    if (parent == null || !parent.taken.add(full)) {
      return false;
    }
    name = full;
    return true;
  }

  /**
   * Names the layer after its declaration or binding, numbered where that is taken, unless it has a
   * name.
   */
  void nameAfter(String base) {
    if (name == null && parent != null) {
      name = parent.freeName(base + loops);
    }
  }

  /** {@code base}, or {@code base_2} and so on where a stage has that name. */
  String freeName(String base) {
    int n = stages.merge(base, 1, Integer::sum);
    String candidate = n == 1 ? base : base + "_" + n;
    return taken.add(candidate) ? candidate : freeName(base);
  }

  /** From the model down: {@code stage[2].conv1}; empty for the model itself. */
  String path() {
    if (parent == null) {
      return "";
    }
    String own = name == null ? decl.name().name() : name;
    String above = parent.path();
    return above.isEmpty() ? own : above + "." + own;
  }

  /** The path of a parameter or stage of this layer. */
  String path(String member) {
    String own = path();
    return own.isEmpty() ? member : own + "." + member;
  }

  /**
   * Begins an application; what was counted per application starts anew. Gives its number, from 1.
   */
  int begin() {
    applications++;
    declared.clear();
    stages.clear();
    taken.clear();
    for (Instance c : children.values()) {
      if (c.name != null) {
        taken.add(c.name);
      }
    }
    return applications;
  }

  /** False if this application declared a parameter or state of that name already. */
  boolean declare(String parameter) {
    return declared.add(parameter);
  }
}
