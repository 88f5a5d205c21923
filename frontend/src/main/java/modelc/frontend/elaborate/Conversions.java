package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import modelc.frontend.ast.TypeExpr;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Suggestions;
import modelc.ir.Span;

/**
 * Makes an argument what its parameter's type says: an int an int2, a name an axis, a number a
 * float.
 */
final class Conversions {
  /** The kinds of compile-time values a parameter can ask for. */
  static final Set<String> KINDS =
      Set.of(
          "int",
          "float",
          "bool",
          "string",
          "int2",
          "ints",
          "padding",
          "axis",
          "axes",
          "shape",
          "list",
          "element",
          "fn",
          "layer",
          "optimizer",
          "any");

  private final Context context;

  Conversions(Context context) {
    this.context = context;
  }

  Val convert(TypeExpr.Named type, Val v, String what, Span place) {
    if (v instanceof Val.None) {
      return v;
    }
    return switch (type.name()) {
      case "int" ->
          switch (v) {
            case Val.Int i -> new Val.Int(i.value());
            case Val.Size s ->
                throw context.error(
                    Code.RUN_TIME_VALUE,
                    place,
                    what + " is an int, but `" + s.dim() + "` is known only at run time",
                    "");
            default -> throw wrong(what, "an int", v, place);
          };
      case "float" -> {
        if (!Numbers.isNumber(v)) {
          throw wrong(what, "a float", v, place);
        }
        yield new Val.Real(Numbers.real(v));
      }
      case "bool" -> require(v instanceof Val.Bool, v, what, "a bool", place);
      case "string" -> require(v instanceof Val.Str, v, what, "a text", place);
      case "int2" -> {
        Val.Ints ints = ints(v, what, place);
        if (ints.values().size() > 2) {
          throw wrong(what, "an int or a list of two", v, place);
        }
        yield ints.values().size() == 2 ? ints : new Val.Ints(List.of(ints.at(0), ints.at(0)));
      }
      case "ints" -> ints(v, what, place);
      case "padding" -> padding(v, what, place);
      case "axis" -> {
        Val.Axes axes = axes(v, what, place);
        if (axes.axes().size() != 1) {
          throw wrong(what, "one axis", v, place);
        }
        yield axes;
      }
      case "axes" -> axes(v, what, place);
      case "shape" -> shape(v, what, place);
      case "list" -> require(v instanceof Val.ListVal, v, what, "a list", place);
      case "element" -> require(v instanceof Val.Element, v, what, "an element type", place);
      case "fn" ->
          require(v instanceof Val.Function || v instanceof Val.Builtin, v, what, "an fn", place);
      case "layer" -> require(v instanceof Val.Configured, v, what, "a configured layer", place);
      case "optimizer" ->
          require(v instanceof Val.ConfiguredOptimizer, v, what, "an optimizer", place);
      case "any" -> v;
      default ->
          throw context.error(
              Code.UNKNOWN_TYPE,
              type.span(),
              "there is no type `" + type.name() + "`",
              "",
              Suggestions.help(type.name(), KINDS)
                  .or(
                      () ->
                          Optional.of("the kinds are " + String.join(", ", new TreeSet<>(KINDS)))));
    };
  }

  private Val require(boolean fits, Val v, String what, String wanted, Span place) {
    if (!fits) {
      throw wrong(what, wanted, v, place);
    }
    return v;
  }

  private Problem wrong(String what, String wanted, Val v, Span place) {
    String shown =
        v instanceof Val.LayerKind l
            ? "call it to configure it: `" + l.decl().name().name() + "(...)`"
            : "";
    return context.error(
        Code.ARGUMENT_TYPE,
        place,
        what + " is " + wanted + ", not " + Show.kind(v),
        "",
        shown.isEmpty() ? Optional.empty() : Optional.of(shown));
  }

  Val.Ints ints(Val v, String what, Span place) {
    return switch (v) {
      case Val.Int i -> new Val.Ints(List.of(i.value()));
      case Val.Ints i -> i;
      case Val.ListVal l
          when !l.items().isEmpty() && l.items().stream().allMatch(i -> i instanceof Val.Int) ->
          new Val.Ints(l.items().stream().map(i -> ((Val.Int) i).value()).toList());
      default -> throw wrong(what, "an int or a list of ints", v, place);
    };
  }

  private Val padding(Val v, String what, Span place) {
    return switch (v) {
      case Val.Padding p -> p;
      case Val.Int i -> new Val.Padding.Explicit(List.of(i.value()), List.of(i.value()));
      case Val.Ints i -> new Val.Padding.Explicit(i.values(), i.values());
      case Val.ListVal l
          when l.items().stream().allMatch(i -> i instanceof Val.Int) && !l.items().isEmpty() -> {
        List<Long> each = ints(v, what, place).values();
        yield new Val.Padding.Explicit(each, each);
      }
      case Val.ListVal l when !l.items().isEmpty() -> {
        var low = new ArrayList<Long>();
        var high = new ArrayList<Long>();
        for (Val side : l.items()) {
          List<Long> pair = ints(side, what, place).values();
          low.add(pair.getFirst());
          high.add(pair.getLast());
        }
        yield new Val.Padding.Explicit(low, high);
      }
      default -> throw wrong(what, "`valid`, `same`, `full`, an int or a list", v, place);
    };
  }

  /** Axes by name: a size stands for the axis it was found on. */
  Val.Axes axes(Val v, String what, Span place) {
    return switch (v) {
      case Val.Axes a -> a;
      case Val.Int i when i.axis() != null -> new Val.Axes(List.of(new Val.Axis.Named(i.axis())));
      case Val.Size s when s.axis() != null -> new Val.Axes(List.of(new Val.Axis.Named(s.axis())));
      case Val.ListVal l -> {
        var all = new ArrayList<Val.Axis>();
        l.items().forEach(i -> all.addAll(axes(i, what, place).axes()));
        yield new Val.Axes(all);
      }
      default ->
          throw context.error(
              Code.NO_AXIS,
              place,
              what + " is an axis, not " + Show.kind(v),
              "",
              "an axis is a name from a shape, `channel` or `last`");
    };
  }

  Val.ListVal shape(Val v, String what, Span place) {
    return switch (v) {
      case Val.Int i -> new Val.ListVal(List.of(i));
      case Val.Size s -> new Val.ListVal(List.of(s));
      case Val.ListVal l -> {
        var all = new ArrayList<Val>();
        l.items().forEach(i -> all.addAll(shape(i, what, place).items()));
        yield new Val.ListVal(all);
      }
      default -> throw wrong(what, "a list of sizes", v, place);
    };
  }

  /** Where the axis stands in the tensor. */
  int index(Val.Axis axis, Val.Tensor x, Span place) {
    return switch (axis) {
      case Val.Axis.Channel _ -> {
        if (x.rank() < 2) {
          throw context.error(
              Code.NO_AXIS,
              place,
              Show.type(x.type()) + " has no channel axis",
              "the one after batch");
        }
        yield 1;
      }
      case Val.Axis.Last _ -> {
        if (x.rank() == 0) {
          throw context.error(
              Code.NO_AXIS, place, "a scalar has no last axis", Show.type(x.type()));
        }
        yield x.rank() - 1;
      }
      case Val.Axis.Named n -> named(n.name(), x, place);
      case Val.Axis.All _ ->
          throw context.error(
              Code.NO_AXIS, place, "one axis is wanted here, and `all` is every axis", "");
    };
  }

  private int named(AxisName name, Val.Tensor x, Span place) {
    int found = x.axes().indexOf(name);
    if (found < 0) {
      throw context.error(
          Code.NO_AXIS,
          place,
          "the tensor has no axis `" + name + "`",
          Show.named(x),
          "name its axes where it is bound: `x: [batch, " + name + "] = ...`");
    }
    if (found != x.axes().lastIndexOf(name)) {
      throw context.error(
          Code.NO_AXIS, place, "the tensor has several axes `" + name + "`", Show.named(x));
    }
    return found;
  }

  /** Where the axes stand in the tensor, ascending, each once. */
  List<Integer> indices(Val.Axes axes, Val.Tensor x, Span place) {
    if (axes.axes().contains(new Val.Axis.All())) {
      return IntStream.range(0, x.rank()).boxed().toList();
    }
    return axes.axes().stream().map(a -> index(a, x, place)).sorted().distinct().toList();
  }
}
