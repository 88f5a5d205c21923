package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.List;
import modelc.frontend.ast.Expr;
import modelc.frontend.ast.TypeExpr;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.Span;
import modelc.ir.TensorType;
import org.jspecify.annotations.Nullable;

/**
 * Shape patterns: matching a tensor against {@code [batch, c, ...s]}, which binds and checks sizes
 * and names axes, and evaluating one without anything to match, as a parameter's shape.
 */
final class Patterns {
  private final Context context;
  private final Evaluator evaluator;

  Patterns(Context context, Evaluator evaluator) {
    this.context = context;
    this.evaluator = evaluator;
  }

  /** The tensor with its axes named by the pattern. {@code what} is how a message calls it. */
  Val match(TypeExpr.Tensor pattern, Val v, Scope scope, String what, Span place) {
    if (!(v instanceof Val.Tensor t)) {
      return matchNumber(pattern, v, what, place);
    }
    checkElement(pattern, t, what, place);
    int rest = restIndex(pattern);
    int fixed = pattern.dimensions().size() - (rest >= 0 ? 1 : 0);
    if (rest < 0 ? t.rank() != fixed : t.rank() < fixed) {
      throw mismatch(pattern, t, what, place, "it has " + axes(t.rank()));
    }
    var names = new ArrayList<@Nullable AxisName>(t.axes());
    int width = t.rank() - fixed;
    int at = 0;
    for (TypeExpr.Dimension d : pattern.dimensions()) {
      switch (d) {
        case TypeExpr.Dimension.Size s -> {
          names.set(at, size(s.value(), pattern, t, at, scope, what, place));
          at++;
        }
        case TypeExpr.Dimension.Rest r -> {
          matchRest(r, pattern, t, at, width, names, scope, what, place);
          at += width;
        }
      }
    }
    return new Val.Tensor(t.value(), names);
  }

  private static String axes(int n) {
    return n == 1 ? "1 axis" : n + " axes";
  }

  private int restIndex(TypeExpr.Tensor pattern) {
    int found = -1;
    for (int i = 0; i < pattern.dimensions().size(); i++) {
      if (pattern.dimensions().get(i) instanceof TypeExpr.Dimension.Rest r) {
        if (found >= 0) {
          throw context.error(
              Code.BAD_PATTERN, r.span(), "a shape has one `...` at most", "the second one");
        }
        found = i;
      }
    }
    return found;
  }

  private Val matchNumber(TypeExpr.Tensor pattern, Val v, String what, Span place) {
    boolean scalar =
        pattern.dimensions().stream().allMatch(d -> d instanceof TypeExpr.Dimension.Rest);
    boolean number = Numbers.isNumber(v) || v instanceof Val.Size || v instanceof Val.Bool;
    if (scalar && number) {
      return v;
    }
    throw context.error(
        Code.ARGUMENT_TYPE,
        place,
        what + " is a tensor " + text(pattern) + ", not " + Show.kind(v),
        "");
  }

  private void checkElement(TypeExpr.Tensor pattern, Val.Tensor t, String what, Span place) {
    DType have = t.type().dtype();
    boolean fits;
    if (pattern.element() == null) {
      fits = have.isFloat();
    } else {
      DType want = element(pattern.element());
      fits = have == want || (want == DType.F32 && have == DType.F64 && t.rank() == 0);
    }
    if (!fits) {
      String want = pattern.element() == null ? "f32" : pattern.element().name();
      throw context.error(
          Code.ELEMENT_TYPES,
          place,
          what + " has elements of " + want + ", not " + have,
          Show.type(t.type()),
          "convert it: `cast(x, " + want + ")`");
    }
  }

  /** The element type of that name. */
  DType element(Expr.Name name) {
    try {
      return DType.parse(name.name());
    } catch (IllegalArgumentException _) {
      throw context.error(
          Code.UNKNOWN_TYPE,
          name.span(),
          "there is no element type `" + name.name() + "`",
          "",
          "element types are f32, f64, i32, i64 and bool");
    }
  }

  private @Nullable AxisName size(
      Expr e, TypeExpr.Tensor pattern, Val.Tensor t, int at, Scope scope, String what, Span place) {
    Dim dim = t.type().dim(at);
    if (e instanceof Expr.Name n) {
      AxisName axis = axisName(scope, n.name());
      Val bound = scope.names.get(n.name());
      if (bound == null) {
        scope.names.put(
            n.name(),
            dim.isConstant() ? new Val.Int(dim.constant(), axis) : new Val.Size(dim, axis));
        return axis;
      }
    }
    Val value = evaluator.eval(e, scope);
    Dim want =
        Arithmetic.dim(value)
            .orElseThrow(
                () ->
                    context.error(
                        Code.BAD_PATTERN,
                        e.span(),
                        "a size is a whole number, not " + Show.kind(value),
                        ""));
    if (!want.equals(dim)) {
      throw mismatch(
          pattern, t, what, place, "axis " + at + " is " + dim + ", not " + show(e, want));
    }
    return e instanceof Expr.Name n ? axisName(scope, n.name()) : null;
  }

  private static String show(Expr e, Dim size) {
    return e instanceof Expr.Name n ? n.name() + " = " + size : size.toString();
  }

  static AxisName axisName(Scope scope, String name) {
    return name.equals("batch") ? AxisName.BATCH : new AxisName(scope.id, name);
  }

  private void matchRest(
      TypeExpr.Dimension.Rest r,
      TypeExpr.Tensor pattern,
      Val.Tensor t,
      int from,
      int width,
      List<@Nullable AxisName> names,
      Scope scope,
      String what,
      Span place) {
    List<Scope.RestAxis> known = r.name() == null ? scope.rest : namedRest(scope, r.name());
    if (known == null) {
      var matched = new ArrayList<Scope.RestAxis>();
      String base = r.name() == null ? "#" : r.name().name();
      for (int i = 0; i < width; i++) {
        AxisName own = t.axes().get(from + i);
        AxisName name = own == null ? new AxisName(scope.id, base + "." + i) : own;
        Dim dim = t.type().dim(from + i);
        names.set(from + i, name);
        matched.add(
            new Scope.RestAxis(
                dim.isConstant() ? new Val.Int(dim.constant(), name) : new Val.Size(dim, name),
                name));
      }
      if (r.name() == null) {
        scope.rest = matched;
      } else {
        scope.names.put(
            r.name().name(), new Val.ListVal(matched.stream().map(Scope.RestAxis::size).toList()));
      }
      return;
    }
    String written = r.name() == null ? "..." : "..." + r.name().name();
    if (known.size() != width) {
      throw mismatch(
          pattern,
          t,
          what,
          place,
          "`" + written + "` is " + axes(known.size()) + " here, not " + width);
    }
    for (int i = 0; i < width; i++) {
      Dim want = Arithmetic.dim(known.get(i).size()).orElseThrow();
      if (!want.equals(t.type().dim(from + i))) {
        throw mismatch(
            pattern,
            t,
            what,
            place,
            "`" + written + "` has " + want + " where it has " + t.type().dim(from + i));
      }
      names.set(from + i, known.get(i).name());
    }
  }

  private @Nullable List<Scope.RestAxis> namedRest(Scope scope, Expr.Name name) {
    Val v = scope.names.get(name.name());
    if (v == null) {
      return null;
    }
    if (!(v instanceof Val.ListVal l)) {
      throw context.error(
          Code.BAD_PATTERN,
          name.span(),
          "`" + name.name() + "` is " + Show.kind(v) + ", not sizes",
          "");
    }
    var axes = new ArrayList<Scope.RestAxis>();
    for (int i = 0; i < l.items().size(); i++) {
      Val item = l.items().get(i);
      AxisName own =
          switch (item) {
            case Val.Int n -> n.axis();
            case Val.Size n -> n.axis();
            default ->
                throw context.error(
                    Code.BAD_PATTERN, name.span(), "`" + name.name() + "` is no list of sizes", "");
          };
      axes.add(
          new Scope.RestAxis(
              item, own == null ? new AxisName(scope.id, name.name() + "." + i) : own));
    }
    return axes;
  }

  private Problem mismatch(
      TypeExpr.Tensor pattern, Val.Tensor t, String what, Span place, String why) {
    Diagnostic d =
        Diagnostic.of(
            Code.SHAPE_MISMATCH,
            place,
            what + " does not fit " + text(pattern),
            Show.type(t.type()) + ": " + why);
    if (!Context.isLibrary(pattern.span())) {
      return new Problem(context.blamed(d.withLabel(pattern.span(), "the shape it must have")));
    }
    return new Problem(context.blamed(d));
  }

  /** A shape with nothing to match: every size must be known. */
  Val.ListVal sizes(TypeExpr.Tensor pattern, Scope scope) {
    var sizes = new ArrayList<Val>();
    for (TypeExpr.Dimension d : pattern.dimensions()) {
      switch (d) {
        case TypeExpr.Dimension.Size s -> {
          Val v = evaluator.eval(s.value(), scope);
          if (Arithmetic.dim(v).isEmpty()) {
            throw context.error(
                Code.BAD_PATTERN, s.span(), "a size is a whole number, not " + describe(v), "");
          }
          sizes.add(s.value() instanceof Expr.Name n ? named(v, axisName(scope, n.name())) : v);
        }
        case TypeExpr.Dimension.Rest r -> {
          List<Scope.RestAxis> rest = r.name() == null ? scope.rest : namedRest(scope, r.name());
          if (rest == null) {
            throw context.error(Code.BAD_PATTERN, r.span(), "`...` matched nothing before", "");
          }
          rest.forEach(a -> sizes.add(a.size()));
        }
      }
    }
    return new Val.ListVal(sizes);
  }

  private static String describe(Val v) {
    return v instanceof Val.Int i ? Long.toString(i.value()) : Show.kind(v);
  }

  static Val named(Val v, @Nullable AxisName axis) {
    return switch (v) {
      case Val.Int i -> new Val.Int(i.value(), axis);
      case Val.Size s -> new Val.Size(s.dim(), axis);
      default -> v;
    };
  }

  /** A list of sizes as a shape. */
  Shape shape(Val.ListVal sizes, Span place) {
    var dims = new ArrayList<Dim>();
    for (Val v : sizes.items()) {
      dims.add(
          Arithmetic.dim(v)
              .orElseThrow(
                  () ->
                      context.error(
                          Code.BAD_PATTERN,
                          place,
                          "a size is a whole number, not " + describe(v),
                          "")));
    }
    return new Shape(dims);
  }

  static List<@Nullable AxisName> axisNames(Val.ListVal sizes) {
    var names = new ArrayList<@Nullable AxisName>();
    for (Val v : sizes.items()) {
      names.add(
          switch (v) {
            case Val.Int i -> i.axis();
            case Val.Size s -> s.axis();
            default -> null;
          });
    }
    return names;
  }

  /** No names, for a tensor of that rank. */
  static List<@Nullable AxisName> unnamed(int rank) {
    var names = new ArrayList<@Nullable AxisName>();
    for (int i = 0; i < rank; i++) {
      names.add(null);
    }
    return names;
  }

  /** The type a pattern of known sizes describes; without an element type it is f32. */
  TensorType type(TypeExpr.Tensor pattern, Val.ListVal sizes) {
    DType element = pattern.element() == null ? DType.F32 : element(pattern.element());
    return new TensorType(element, shape(sizes, pattern.span()));
  }

  /** The pattern as written, roughly: for messages. */
  static String text(TypeExpr.Tensor pattern) {
    var parts = new ArrayList<String>();
    for (TypeExpr.Dimension d : pattern.dimensions()) {
      parts.add(
          switch (d) {
            case TypeExpr.Dimension.Size s -> Written.text(s.value());
            case TypeExpr.Dimension.Rest r -> "..." + (r.name() == null ? "" : r.name().name());
          });
    }
    return (pattern.element() == null ? "" : pattern.element().name())
        + "["
        + String.join(", ", parts)
        + "]";
  }
}
