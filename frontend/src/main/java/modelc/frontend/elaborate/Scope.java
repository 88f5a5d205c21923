package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The names of one activation: one call of a function, one application of a layer, one model, one
 * recipe.
 */
final class Scope {
  enum Kind {
    FN,
    LAYER,
    MODEL,
    OPTIMIZER,
    TRAIN
  }

  /** A size a rest pattern matched, with its axis's name. */
  record RestAxis(Val size, AxisName name) {}

  final int id;
  final Kind kind;
  final Module module;

  /** The layer whose body this is; null in functions, optimizers and recipes. */
  final @Nullable Instance instance;

  final Map<String, Val> names = new HashMap<>();

  /** Paths of the states declared so far, by name. */
  final Map<String, String> states = new HashMap<>();

  /** A model's outputs so far. */
  final Map<String, Val> outputs = new LinkedHashMap<>();

  /** Values of the loops around the current statement, outermost first. */
  final List<String> loops = new ArrayList<>();

  /** What the anonymous rest of this signature matched. */
  @Nullable List<RestAxis> rest;

  /** The shape a parameter's or state's initialiser is evaluated for. */
  @Nullable Val shape;

  /** Inside an optimizer: the path of the parameter and the name it has here. */
  @Nullable String weightPath;

  @Nullable String weightName;

  /** What a nested model is applied to, in the order of its inputs. */
  @Nullable List<Val> modelInputs;

  Scope(int id, Kind kind, Module module, @Nullable Instance instance) {
    this.id = id;
    this.kind = kind;
    this.module = module;
    this.instance = instance;
  }

  /** The suffix of names given inside loops: {@code [2]}, {@code [2][1]}, or nothing. */
  String loopSuffix() {
    var out = new StringBuilder();
    for (String l : loops) {
      out.append('[').append(l).append(']');
    }
    return out.toString();
  }

  /**
   * The same names in another activation; used to evaluate a body over stand-ins for its arguments.
   */
  Scope copy() {
    var other = new Scope(id, kind, module, instance);
    other.names.putAll(names);
    other.rest = rest;
    return other;
  }
}
