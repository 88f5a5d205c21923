package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import modelc.frontend.ast.Expr.InfixOp;
import modelc.frontend.ast.Expr.PrefixOp;
import modelc.frontend.diagnostic.Code;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.Span;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/**
 * The operators: compile-time values among themselves, tensors among themselves, and a number
 * meeting a tensor.
 */
final class Arithmetic {
  private final Context context;
  private final Numbers numbers;
  private final Broadcasting broadcasting;
  private final Products products;

  /** So many items copied, or characters, cost as much as evaluating an expression. */
  private static final int ITEMS_PER_STEP = 16;

  Arithmetic(Context context) {
    this.context = context;
    this.numbers = new Numbers(context);
    this.broadcasting = new Broadcasting(context);
    this.products = new Products(context);
  }

  Broadcasting broadcasting() {
    return broadcasting;
  }

  Val infix(InfixOp op, Val left, Val right, Span place) {
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return op == InfixOp.RANGE
          ? range(left, right, place)
          : numbers.infix(op, left, right, place);
    }
    if (left instanceof Val.ListVal l && right instanceof Val.ListVal r && op == InfixOp.ADD) {
      return concatenated(l, r, place);
    }
    Val sizes = sizes(op, left, right, place);
    if (sizes != null) {
      return sizes;
    }
    if (isTensorLike(left) && isTensorLike(right)) {
      return tensors(op, left, right, place);
    }
    if (op == InfixOp.EQ || op == InfixOp.NE) {
      return new Val.Bool(left.equals(right) == (op == InfixOp.EQ));
    }
    if (op == InfixOp.ADD && left instanceof Val.Str l && right instanceof Val.Str r) {
      return text(new StringBuilder(l.value()).append(r.value()), place);
    }
    throw numbers.doesNotApply(op, left, right, place);
  }

  private Val concatenated(Val.ListVal l, Val.ListVal r, Span place) {
    var all = new ArrayList<>(l.items());
    all.addAll(r.items());
    return list(all, place);
  }

  /** A list of {@code items}, within the limits: what lists inside it hold counts as well. */
  Val.ListVal list(List<Val> items, Span place) {
    long count = count(items, context.options.limits().listItems());
    checkLength(count, place);
    context.spend(place, count / ITEMS_PER_STEP);
    return new Val.ListVal(items);
  }

  /**
   * How many values are in a list, those in its lists included; more than {@code most} is enough.
   */
  private static long count(List<Val> items, long most) {
    long count = 0;
    for (Val v : items) {
      count += v instanceof Val.ListVal l ? 1 + count(l.items(), most - count) : 1;
      if (count > most) {
        break;
      }
    }
    return count;
  }

  /** A text within the limits. */
  Val.Str text(StringBuilder text, Span place) {
    int most = context.options.limits().listItems();
    if (text.length() > most) {
      throw context.error(
          Code.LIMIT_LIST,
          place,
          "this text has more than " + most + " characters",
          "the limit `listItems` is reached here");
    }
    context.spend(place, text.length() / ITEMS_PER_STEP);
    return new Val.Str(text.toString());
  }

  void checkLength(long length, Span place) {
    if (length > context.options.limits().listItems()) {
      throw context.error(
          Code.LIMIT_LIST,
          place,
          "this list has more than " + context.options.limits().listItems() + " items",
          "the limit `listItems` is reached here");
    }
  }

  private Val range(Val left, Val right, Span place) {
    if (!(left instanceof Val.Int from) || !(right instanceof Val.Int to)) {
      throw numbers.doesNotApply(InfixOp.RANGE, left, right, place);
    }
    if (to.value() < from.value()) {
      return new Val.ListVal(List.of());
    }
    long steps = to.value() - from.value(); // below 0 if it has more than 63 bits
    checkLength(steps < 0 || steps == Long.MAX_VALUE ? Long.MAX_VALUE : steps + 1, place);
    var items = new ArrayList<Val>();
    for (long i = 0; i <= steps; i++) {
      items.add(new Val.Int(from.value() + i));
    }
    return list(items, place);
  }

  /**
   * Arithmetic that keeps a size known only at run time a size; null where it becomes a run-time
   * scalar.
   */
  private @Nullable Val sizes(InfixOp op, Val left, Val right, Span place) {
    Optional<Dim> l = dim(left);
    Optional<Dim> r = dim(right);
    if (l.isEmpty() || r.isEmpty()) {
      return null;
    }
    try {
      return switch (op) {
        case MULTIPLY -> ofDim(l.get().times(r.get()));
        case DIVIDE -> l.get().dividedBy(r.get()).map(Arithmetic::ofDim).orElse(null);
        case EQ, NE -> {
          if (!l.get().equals(r.get()) && (!l.get().isConstant() || !r.get().isConstant())) {
            throw context.error(
                Code.RUN_TIME_VALUE,
                place,
                "whether " + l.get() + " " + op + " " + r.get() + " is known only at run time",
                "");
          }
          yield new Val.Bool(l.get().equals(r.get()) == (op == InfixOp.EQ));
        }
        case POWER, REMAINDER, MATMUL, ADD, SUBTRACT, RANGE, LT, LE, GT, GE, AND, OR -> null;
      };
    } catch (ArithmeticException _) {
      throw context.error(
          Code.OVERFLOW,
          place,
          "this size is too large: " + l.get() + " " + op + " " + r.get(),
          "");
    }
  }

  static Optional<Dim> dim(Val v) {
    return switch (v) {
      case Val.Int i when i.value() >= 0 -> Optional.of(Dim.of(i.value()));
      case Val.Size s -> Optional.of(s.dim());
      default -> Optional.empty();
    };
  }

  static Val ofDim(Dim dim) {
    return dim.isConstant() ? new Val.Int(dim.constant()) : new Val.Size(dim, null);
  }

  static boolean isTensorLike(Val v) {
    return v instanceof Val.Tensor
        || v instanceof Val.Size
        || v instanceof Val.Bool
        || Numbers.isNumber(v);
  }

  private Val tensors(InfixOp op, Val left, Val right, Span place) {
    if (op == InfixOp.RANGE) {
      throw numbers.doesNotApply(op, left, right, place);
    }
    if (op == InfixOp.MATMUL) {
      if (left instanceof Val.Tensor x && right instanceof Val.Tensor y) {
        return products.matmul(x, y, place);
      }
      throw numbers.doesNotApply(op, left, right, place);
    }
    if (op == InfixOp.POWER && left instanceof Val.Tensor x && Numbers.isNumber(right)) {
      Val simple = smallPower(x, Numbers.real(right), place);
      if (simple != null) {
        return simple;
      }
    }
    List<Val.Tensor> both =
        together(new Broadcasting.Doing(doing(op), " " + op + " "), List.of(left, right), place);
    Val.Tensor x = both.get(0);
    Val.Tensor y = both.get(1);
    checkElements(op, x, place);
    Value result =
        context.emit(
            place,
            () ->
                switch (op) {
                  case ADD -> context.builder().add(x.value(), y.value());
                  case SUBTRACT -> context.builder().subtract(x.value(), y.value());
                  case MULTIPLY -> context.builder().multiply(x.value(), y.value());
                  case DIVIDE -> context.builder().divide(x.value(), y.value());
                  case POWER -> context.builder().binary(BinaryFn.POWER, x.value(), y.value());
                  case EQ -> context.builder().compare(CompareFn.EQ, x.value(), y.value());
                  case NE -> context.builder().compare(CompareFn.NE, x.value(), y.value());
                  case LT -> context.builder().compare(CompareFn.LT, x.value(), y.value());
                  case LE -> context.builder().compare(CompareFn.LE, x.value(), y.value());
                  case GT -> context.builder().compare(CompareFn.GT, x.value(), y.value());
                  case GE -> context.builder().compare(CompareFn.GE, x.value(), y.value());
                  case AND -> context.builder().binary(BinaryFn.AND, x.value(), y.value());
                  case OR -> context.builder().binary(BinaryFn.OR, x.value(), y.value());
                  case REMAINDER, MATMUL, RANGE ->
                      throw numbers.doesNotApply(op, left, right, place);
                });
    return new Val.Tensor(result, x.axes());
  }

  private void checkElements(InfixOp op, Val.Tensor x, Span place) {
    DType t = x.type().dtype();
    boolean fits =
        switch (op) {
          case AND, OR -> t == DType.BOOL;
          case EQ, NE -> true;
          case DIVIDE, POWER -> t.isFloat();
          case ADD, SUBTRACT, MULTIPLY, LT, LE, GT, GE -> t != DType.BOOL;
          case REMAINDER, MATMUL, RANGE -> false;
        };
    if (!fits) {
      throw context.error(
          Code.ELEMENT_TYPES,
          place,
          "`" + op + "` does not apply to tensors of " + t,
          Show.type(x.type()),
          op == InfixOp.AND || op == InfixOp.OR
              ? "compare first, e.g. `x > 0`"
              : "convert: `cast(x, f32)`");
    }
  }

  private static String doing(InfixOp op) {
    return switch (op) {
      case ADD -> "add";
      case SUBTRACT -> "subtract";
      case MULTIPLY, MATMUL -> "multiply";
      case DIVIDE -> "divide";
      case EQ, NE, LT, LE, GT, GE -> "compare";
      case POWER, REMAINDER, RANGE, AND, OR -> "combine";
    };
  }

  /** Exact small powers, which need no logarithm. */
  private @Nullable Val smallPower(Val.Tensor x, double exponent, Span place) {
    if (!x.type().dtype().isFloat()) {
      return null;
    }
    if (exponent == 1) {
      return x;
    }
    if (exponent == 0.5) {
      return unary(UnaryFn.SQRT, x, place);
    }
    if (exponent == 2 || exponent == 3 || exponent == 4) {
      Val square = infix(InfixOp.MULTIPLY, x, x, place);
      return exponent == 2
          ? square
          : infix(InfixOp.MULTIPLY, square, exponent == 3 ? x : square, place);
    }
    return null;
  }

  Val.Tensor unary(UnaryFn fn, Val.Tensor x, Span place) {
    return new Val.Tensor(
        context.emit(place, () -> context.builder().unary(fn, x.value())), x.axes());
  }

  Val prefix(PrefixOp op, Val v, Span place) {
    return switch (op) {
      case NEGATE ->
          switch (v) {
            case Val.Int i -> numbers.infix(InfixOp.SUBTRACT, new Val.Int(0), i, place);
            case Val.Real r -> new Val.Real(-r.value());
            case Val.Tensor t when t.type().dtype() != DType.BOOL ->
                unary(UnaryFn.NEGATE, t, place);
            case Val.Size s -> unary(UnaryFn.NEGATE, scalar(s, place), place);
            default -> throw prefixError(op, v, place);
          };
      case NOT ->
          switch (v) {
            case Val.Bool b -> new Val.Bool(!b.value());
            case Val.Tensor t when t.type().dtype() == DType.BOOL -> unary(UnaryFn.NOT, t, place);
            default -> throw prefixError(op, v, place);
          };
    };
  }

  private Problem prefixError(PrefixOp op, Val v, Span place) {
    return context.error(
        Code.OPERANDS, place, "`" + op + "` does not apply to " + Show.kind(v), "");
  }

  /** Tensors of one element type and shape, at least one of them a tensor before. */
  List<Val.Tensor> together(Broadcasting.Doing doing, List<Val> operands, Span place) {
    DType element =
        operands.stream()
            .filter(v -> v instanceof Val.Tensor)
            .map(v -> ((Val.Tensor) v).type().dtype())
            .reduce((a, b) -> a == DType.F32 ? a : b)
            .orElse(DType.F64);
    var tensors = new ArrayList<Val.Tensor>();
    for (Val v : operands) {
      tensors.add(tensor(v, element, place));
    }
    return broadcasting.align(doing, broadcasting.sameElements(tensors, place), place);
  }

  /** The value as a tensor; a number takes the given element type. */
  Val.Tensor tensor(Val v, DType element, Span place) {
    return switch (v) {
      case Val.Tensor t -> t;
      case Val.Size s -> scalar(s, place);
      case Val.Bool b when element == DType.BOOL -> constant(element, b.value() ? 1 : 0, place);
      case Val.Int i when element != DType.BOOL -> constant(element, (double) i.value(), place);
      case Val.Real r when element.isFloat() -> constant(element, r.value(), place);
      default ->
          throw context.error(
              Code.ELEMENT_TYPES,
              place,
              Show.kind(v) + " does not fit a tensor of " + element,
              Show.value(v));
    };
  }

  private Val.Tensor constant(DType element, double value, Span place) {
    return new Val.Tensor(
        context.emit(place, () -> context.builder().constant(TensorType.scalar(element), value)),
        List.of());
  }

  /** A size known only at run time as a float64 scalar: that many ones, summed. */
  Val.Tensor scalar(Val.Size size, Span place) {
    Value v =
        context.emit(
            place,
            () -> {
              Value product =
                  context
                      .builder()
                      .constant(TensorType.scalar(DType.F64), (double) size.dim().factor());
              for (Symbol s : size.dim().symbols()) {
                Value ones =
                    context.builder().constant(new TensorType(DType.F64, Shape.of(Dim.of(s))), 1);
                product =
                    context.builder().multiply(product, context.builder().sum(List.of(0), ones));
              }
              return product;
            });
    return new Val.Tensor(v, List.of());
  }
}
