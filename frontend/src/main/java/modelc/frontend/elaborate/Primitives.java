package modelc.frontend.elaborate;

import java.util.List;
import java.util.Map;
import modelc.frontend.diagnostic.Code;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.Span;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Value;

/**
 * What each primitive does: builds IR over tensors, or computes where all is known at compile time.
 */
final class Primitives {
  private final Context context;
  private final Evaluator evaluator;
  private final Reductions reductions;
  private final Shaping shaping;
  private final Windows windows;
  private final Randoms randoms;

  Primitives(Evaluator evaluator) {
    this.evaluator = evaluator;
    this.context = evaluator.context;
    this.reductions = new Reductions(evaluator);
    this.shaping = new Shaping(evaluator);
    this.windows = new Windows(evaluator);
    this.randoms = new Randoms(context);
  }

  /** The arguments are bound and converted. */
  Val call(Primitive p, Map<String, Val> a, Span place) {
    return switch (p) {
      case EXP -> unary(p, UnaryFn.EXP, a, place);
      case EXPM1 -> unary(p, UnaryFn.EXPM1, a, place);
      case LOG -> unary(p, UnaryFn.LOG, a, place);
      case LOG1P -> unary(p, UnaryFn.LOG1P, a, place);
      case SQRT -> unary(p, UnaryFn.SQRT, a, place);
      case RSQRT -> unary(p, UnaryFn.RSQRT, a, place);
      case TANH -> unary(p, UnaryFn.TANH, a, place);
      case SIGMOID -> unary(p, UnaryFn.LOGISTIC, a, place);
      case ERF -> unary(p, UnaryFn.ERF, a, place);
      case SIN -> unary(p, UnaryFn.SINE, a, place);
      case COS -> unary(p, UnaryFn.COSINE, a, place);
      case ABS -> unary(p, UnaryFn.ABS, a, place);
      case SIGN -> unary(p, UnaryFn.SIGN, a, place);
      case FLOOR -> unary(p, UnaryFn.FLOOR, a, place);
      case CEIL -> unary(p, UnaryFn.CEIL, a, place);
      case ROUND -> unary(p, UnaryFn.ROUND_NEAREST_EVEN, a, place);
      case IS_FINITE -> unary(p, UnaryFn.IS_FINITE, a, place);
      case MAX, MIN -> extreme(p, a, place);
      case WHERE -> where(a, place);
      case SUM -> reductions.sum(arg(a, "x"), arg(a, "over"), place);
      case CUMSUM ->
          reductions.cumulativeSum(tensor(p, a, "x", place), (Val.Axes) arg(a, "axis"), place);
      case PRODUCT -> reductions.product((Val.ListVal) arg(a, "x"), place);
      case COUNT -> reductions.count(tensor(p, a, "x", place), (Val.Axes) arg(a, "over"), place);
      case TALLY -> tally(p, a, place);
      case CAST -> cast(arg(a, "x"), ((Val.Element) arg(a, "to")).dtype(), place);
      case STOP_GRADIENT -> {
        Val x = arg(a, "x");
        yield x instanceof Val.Tensor t
            ? new Val.Tensor(
                context.emit(place, () -> context.builder().stopGradient(t.value())), t.axes())
            : x;
      }
      case FLOOR_DIV -> divide(p, a, place);
      case CEIL_DIV -> divide(p, a, place);
      case FILL -> fill((Val.ListVal) arg(a, "shape"), Numbers.real(arg(a, "value")), place);
      case VECTOR ->
          vector((Val.ListVal) arg(a, "values"), ((Val.Element) arg(a, "to")).dtype(), place);
      case LEN -> new Val.Int(((Val.ListVal) arg(a, "list")).items().size());
      case TRANSPOSE,
          PERMUTE,
          RESHAPE,
          CONCAT,
          SPLIT,
          SLICE,
          PAD_AXIS,
          REVERSE,
          TAKE,
          IOTA,
          SHAPE ->
          shaping.call(p, a, place);
      case CONVOLUTION, WINDOW_MAX, WINDOW_SUM -> windows.call(p, a, place);
      case RANDOM_UNIFORM ->
          randoms.uniform((Val.ListVal) arg(a, "shape"), evaluator.patterns, place);
    };
  }

  static Val arg(Map<String, Val> a, String name) {
    return a.getOrDefault(name, Val.NONE);
  }

  static long integer(Map<String, Val> a, String name) {
    return ((Val.Int) arg(a, name)).value();
  }

  Val.Tensor tensor(Primitive p, Map<String, Val> a, String name, Span place) {
    return tensor(context, p, a, name, place);
  }

  static Val.Tensor tensor(
      Context context, Primitive p, Map<String, Val> a, String name, Span place) {
    if (arg(a, name) instanceof Val.Tensor t) {
      return t;
    }
    throw context.error(
        Code.ARGUMENT_TYPE,
        place,
        "`" + name + "` of `" + p.text() + "` is a tensor, not " + Show.kind(arg(a, name)),
        "");
  }

  private Val unary(Primitive p, UnaryFn fn, Map<String, Val> a, Span place) {
    Val x = arg(a, "x");
    if (Numbers.isNumber(x)) {
      return ofNumber(p, fn, x, place);
    }
    Val.Tensor t =
        switch (x) {
          case Val.Tensor known -> known;
          case Val.Size s -> evaluator.arithmetic.scalar(s, place);
          default -> tensor(p, a, "x", place);
        };
    boolean integers = fn == UnaryFn.ABS || fn == UnaryFn.SIGN;
    if (!t.type().dtype().isFloat() && !(integers && t.type().dtype().isInteger())) {
      throw context.error(
          Code.ELEMENT_TYPES,
          place,
          "`" + p.text() + "` does not apply to tensors of " + t.type().dtype(),
          Show.type(t.type()),
          "convert: `cast(x, f32)`");
    }
    return evaluator.arithmetic.unary(fn, t, place);
  }

  private Val ofNumber(Primitive p, UnaryFn fn, Val v, Span place) {
    if (v instanceof Val.Int i && (fn == UnaryFn.ABS || fn == UnaryFn.SIGN)) {
      return new Val.Int(fn == UnaryFn.ABS ? Math.absExact(i.value()) : Long.signum(i.value()));
    }
    double x = Numbers.real(v);
    return switch (fn) {
      case EXP -> new Val.Real(Math.exp(x));
      case EXPM1 -> new Val.Real(Math.expm1(x));
      case LOG -> new Val.Real(Math.log(x));
      case LOG1P -> new Val.Real(Math.log1p(x));
      case SQRT -> new Val.Real(Math.sqrt(x));
      case RSQRT -> new Val.Real(1 / Math.sqrt(x));
      case TANH -> new Val.Real(Math.tanh(x));
      case LOGISTIC -> new Val.Real(1 / (1 + Math.exp(-x)));
      case SINE -> new Val.Real(Math.sin(x));
      case COSINE -> new Val.Real(Math.cos(x));
      case ABS -> new Val.Real(Math.abs(x));
      case SIGN -> new Val.Real(Math.signum(x));
      case FLOOR -> whole(Math.floor(x), place);
      case CEIL -> whole(Math.ceil(x), place);
      case ROUND_NEAREST_EVEN -> whole(Math.rint(x), place);
      case IS_FINITE -> new Val.Bool(Double.isFinite(x));
      case ERF, NEGATE, NOT ->
          throw context.error(
              Code.ARGUMENT_TYPE,
              place,
              "`" + p.text() + "` applies to tensors only, not to " + Show.kind(v),
              "");
    };
  }

  private Val whole(double x, Span place) {
    if (!(Math.abs(x) < 0x1p62)) {
      throw context.error(Code.OVERFLOW, place, x + " is no int", "");
    }
    return new Val.Int((long) x);
  }

  private Val extreme(Primitive p, Map<String, Val> a, Span place) {
    Val x = arg(a, "x");
    Val y = arg(a, "y");
    boolean max = p == Primitive.MAX;
    if (arg(a, "over") instanceof Val.Axes axes) {
      if (!(y instanceof Val.None)) {
        throw context.error(
            Code.OPERANDS,
            place,
            "`" + p.text() + "` takes two operands, or one and the axes `over`",
            "");
      }
      return reductions.extreme(max, tensor(p, a, "x", place), axes, place);
    }
    if (y instanceof Val.None) {
      throw context.error(
          Code.NO_AXIS,
          place,
          "`" + p.text() + "` of one tensor needs the axes to reduce",
          "",
          "write `" + p.text() + "(x, over = last)`");
    }
    if (Numbers.isNumber(x) && Numbers.isNumber(y)) {
      if (x instanceof Val.Int i && y instanceof Val.Int j) {
        return new Val.Int(max ? Math.max(i.value(), j.value()) : Math.min(i.value(), j.value()));
      }
      double l = Numbers.real(x);
      double r = Numbers.real(y);
      return new Val.Real(max ? Math.max(l, r) : Math.min(l, r));
    }
    List<Val.Tensor> both =
        evaluator.arithmetic.together(Broadcasting.Doing.COMBINE, List.of(x, y), place);
    Val.Tensor l = both.get(0);
    Val.Tensor r = both.get(1);
    BinaryFn fn = max ? BinaryFn.MAXIMUM : BinaryFn.MINIMUM;
    return new Val.Tensor(
        context.emit(place, () -> context.builder().binary(fn, l.value(), r.value())), l.axes());
  }

  private Val where(Map<String, Val> a, Span place) {
    Val condition = arg(a, "condition");
    if (condition instanceof Val.Bool b) {
      return arg(a, b.value() ? "x" : "y");
    }
    if (!(condition instanceof Val.Tensor c) || c.type().dtype() != DType.BOOL) {
      throw context.error(
          Code.ELEMENT_TYPES,
          place,
          "the condition of `where` is a bool tensor, not " + Show.kind(condition),
          "",
          "compare: `where(x > 0, a, b)`");
    }
    Val x = arg(a, "x");
    Val y = arg(a, "y");
    boolean numbers = !(x instanceof Val.Tensor) && !(y instanceof Val.Tensor);
    List<Val.Tensor> values =
        numbers
            ? List.of(
                evaluator.arithmetic.tensor(x, DType.F32, place),
                evaluator.arithmetic.tensor(y, DType.F32, place))
            : evaluator.arithmetic.together(Broadcasting.Doing.COMBINE, List.of(x, y), place);
    List<Val.Tensor> all =
        evaluator
            .arithmetic
            .broadcasting()
            .align(Broadcasting.Doing.COMBINE, List.of(c, values.get(0), values.get(1)), place);
    Value v =
        context.emit(
            place,
            () ->
                context
                    .builder()
                    .select(all.get(0).value(), all.get(1).value(), all.get(2).value()));
    return new Val.Tensor(v, all.getFirst().axes());
  }

  private Val tally(Primitive p, Map<String, Val> a, Span place) {
    Val.Tensor sums = counts(p, a, "x", place);
    if (arg(a, "of") instanceof Val.None) {
      return new Val.Tally(sums, null);
    }
    Val.Tensor of = counts(p, a, "of", place);
    if (!of.type().shape().equals(sums.type().shape())) {
      throw context.error(
          Code.OPERANDS,
          place,
          "`tally` divides element by element",
          Show.type(sums.type()) + " by " + Show.type(of.type()));
    }
    return new Val.Tally(sums, of);
  }

  /** A tensor that can be added up over batches: f32, without a batch axis. */
  private Val.Tensor counts(Primitive p, Map<String, Val> a, String name, Span place) {
    Val.Tensor t = tensor(p, a, name, place);
    if (!t.type().shape().elements().isConstant()) {
      throw context.error(
          Code.OPERANDS,
          place,
          "`tally` adds up over the batches, and this differs in size from one to the next",
          Show.type(t.type()),
          "sum over the batch first: `tally(sum(x, over = all))`");
    }
    return (Val.Tensor) cast(t, DType.F32, place);
  }

  private Val cast(Val x, DType to, Span place) {
    return switch (x) {
      case Val.Tensor t ->
          new Val.Tensor(
              context.emit(place, () -> context.builder().convert(to, t.value())), t.axes());
      case Val.Size s -> cast(evaluator.arithmetic.scalar(s, place), to, place);
      case Val.Int i when to.isFloat() -> new Val.Real(i.value());
      case Val.Int i when to.isInteger() -> i;
      case Val.Real r when to.isFloat() -> r;
      case Val.Real r when to.isInteger() -> new Val.Int((long) r.value());
      case Val.Bool b when to == DType.BOOL -> b;
      case Val.Bool b when to.isFloat() -> new Val.Real(b.value() ? 1 : 0);
      case Val.Bool b -> new Val.Int(b.value() ? 1 : 0);
      default ->
          throw context.error(
              Code.OPERANDS, place, Show.kind(x) + " cannot be converted to " + to, "");
    };
  }

  private Val fill(Val.ListVal sizes, double value, Span place) {
    var type = new TensorType(DType.F32, evaluator.patterns.shape(sizes, place));
    return new Val.Tensor(
        context.emit(place, () -> context.builder().constant(type, value)),
        Patterns.axisNames(sizes));
  }

  private Val vector(Val.ListVal values, DType element, Span place) {
    boolean whole = values.items().stream().allMatch(v -> v instanceof Val.Int);
    if (!element.isFloat() && !whole) {
      throw context.error(
          Code.ELEMENT_TYPES, place, "a vector of " + element + " is made of ints", "");
    }
    TensorType type = TensorType.of(element, values.items().size());
    Value v = new Initials(evaluator).fit(values, type, "`values` of `vector`", place);
    return new Val.Tensor(v, Patterns.unnamed(1));
  }

  private Val divide(Primitive p, Map<String, Val> a, Span place) {
    long x = integer(a, "x");
    long y = integer(a, "y");
    if (y == 0) {
      throw context.error(Code.INEXACT_DIVISION, place, "division by zero", "");
    }
    return new Val.Int(p == Primitive.FLOOR_DIV ? Math.floorDiv(x, y) : Math.ceilDiv(x, y));
  }
}
