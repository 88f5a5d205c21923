package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import modelc.frontend.ast.Expr;
import modelc.frontend.ast.Expr.InfixOp;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Suggestions;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.TensorType;
import modelc.ir.tensor.Entry;
import org.jspecify.annotations.Nullable;

/** Evaluates expressions at compile time; what happens to tensors is built, not computed. */
final class Evaluator {
  final Context context;
  final Arithmetic arithmetic;
  final Conversions conversions;
  final Patterns patterns;
  final Calls calls;
  final Executor executor;

  Evaluator(Context context) {
    this.context = context;
    this.arithmetic = new Arithmetic(context);
    this.conversions = new Conversions(context);
    this.patterns = new Patterns(context, this);
    this.calls = new Calls(this);
    this.executor = new Executor(this);
  }

  Val eval(Expr e, Scope scope) {
    context.spend(e.span());
    return switch (e) {
      case Expr.IntLiteral i -> new Val.Int(i.value());
      case Expr.FloatLiteral f -> new Val.Real(f.value());
      case Expr.BoolLiteral b -> new Val.Bool(b.value());
      case Expr.Text t -> text(t, scope);
      case Expr.Name n -> name(n, scope);
      case Expr.ListOf l -> list(l, scope);
      case Expr.Spread s ->
          throw context.error(
              Code.OPERANDS, s.span(), "`...` spreads sizes inside a list only", "");
      case Expr.Call c -> calls.call(c, scope, null);
      case Expr.Index i -> index(i, scope);
      case Expr.Member m -> member(m, scope);
      case Expr.Prefix p -> arithmetic.prefix(p.op(), eval(p.operand(), scope), p.span());
      case Expr.Infix i -> infix(i, scope);
      case Expr.Conditional c ->
          eval(condition(c.condition(), scope) ? c.onTrue() : c.onFalse(), scope);
      case Expr.Arrow a -> calls.arrow(a, scope);
    };
  }

  private Val text(Expr.Text t, Scope scope) {
    var out = new StringBuilder();
    for (Expr.Piece p : t.pieces()) {
      switch (p) {
        case Expr.Piece.Characters c -> out.append(c.text());
        case Expr.Piece.Shown s -> out.append(Show.value(eval(s.value(), scope)));
      }
    }
    return arithmetic.text(out, t.span());
  }

  private Val name(Expr.Name n, Scope scope) {
    Val local = scope.names.get(n.name());
    if (local == null) {
      return global(n, scope);
    }
    return switch (local) {
      case Val.Poison _ -> throw new Problem(null);
      case Val.Int _, Val.Size _ -> Patterns.named(local, Patterns.axisName(scope, n.name()));
      default -> local;
    };
  }

  private Val global(Expr.Name n, Scope scope) {
    Val declared = scope.module.lookup(n.name());
    if (declared instanceof Val.Poison) {
      throw new Problem(null);
    }
    if (declared != null) {
      return declared;
    }
    return switch (n.name()) {
      case "training" -> {
        requirePhase(
            n, context.phase().kind != Phase.Kind.PURE, "inside an fn that states its gradient");
        yield new Val.Bool(context.phase().kind == Phase.Kind.TRAIN);
      }
      case "step", "steps", "epoch" -> {
        requirePhase(n, context.phase().kind == Phase.Kind.TRAIN, "outside a training step");
        yield new Val.Tensor(
            context.phase().argument(n.name(), Entry.Kind.SCALAR, TensorType.scalar(DType.F64)),
            List.of());
      }
      case "batch" -> new Val.Size(Dim.of(context.batch), AxisName.BATCH);
      default -> {
        var known = new ArrayList<>(scope.names.keySet());
        known.addAll(scope.module.known());
        throw context.error(
            Code.UNKNOWN_NAME,
            n.span(),
            "there is no `" + n.name() + "` here",
            "",
            NameCheck.help(n.name(), known));
      }
    };
  }

  private void requirePhase(Expr.Name n, boolean fits, String where) {
    if (!fits) {
      throw context.error(
          Code.NOT_IN_THIS_PHASE, n.span(), "`" + n.name() + "` has no value " + where, "");
    }
  }

  private Val list(Expr.ListOf l, Scope scope) {
    var items = new ArrayList<Val>();
    for (Expr item : l.items()) {
      if (item instanceof Expr.Spread s) {
        Val v = eval(s.list(), scope);
        if (!(v instanceof Val.ListVal spread)) {
          throw context.error(
              Code.OPERANDS, s.span(), "`...` spreads a list, not " + Show.kind(v), "");
        }
        items.addAll(spread.items());
      } else {
        items.add(eval(item, scope));
      }
    }
    return arithmetic.list(items, l.span());
  }

  private Val index(Expr.Index i, Scope scope) {
    Val list = eval(i.list(), scope);
    Val at = eval(i.index(), scope);
    if (list instanceof Val.ListVal l && at instanceof Val.Int n) {
      return item(l, n.value(), i);
    }
    if (list instanceof Val.ListVal l && at instanceof Val.ListVal several) {
      var items = new ArrayList<Val>();
      for (Val v : several.items()) {
        if (!(v instanceof Val.Int n)) {
          throw context.error(
              Code.OPERANDS, i.span(), "an index is an int, not " + Show.kind(v), "");
        }
        items.add(item(l, n.value(), i));
      }
      return arithmetic.list(items, i.span());
    }
    String help =
        list instanceof Val.Tensor ? "take a part of a tensor with `slice(x, axis, from, to)`" : "";
    throw context.error(
        Code.OPERANDS,
        i.span(),
        "only lists are indexed, by ints: this is " + Show.kind(list) + " by " + Show.kind(at),
        "",
        help.isEmpty() ? Optional.empty() : Optional.of(help));
  }

  private Val item(Val.ListVal l, long index, Expr.Index place) {
    int size = l.items().size();
    long at = index < 0 ? index + size : index;
    if (at < 0 || at >= size) {
      throw context.error(
          Code.INDEX,
          place.span(),
          "index " + index + " is outside a list of " + size,
          size == 0 ? "it is empty" : "it goes from 0 to " + (size - 1));
    }
    return l.items().get((int) at);
  }

  private Val member(Expr.Member m, Scope scope) {
    Val owner = eval(m.owner(), scope);
    String name = m.member().name();
    Val found =
        switch (owner) {
          case Val.Ints i ->
              switch (name) {
                case "d" -> i.values().size() == 2 ? null : new Val.Int(i.at(0));
                case "h" -> new Val.Int(i.at(Math.max(i.values().size() - 2, 0)));
                case "w" -> new Val.Int(i.at(i.values().size() - 1));
                default -> null;
              };
          case Val.Padding p -> ofPadding(p, name);
          case Val.Outputs o -> o.byName().get(name);
          case Val.Configured c -> ofLayer(c.instance(), name);
          default -> null;
        };
    if (found == null) {
      List<String> known =
          switch (owner) {
            case Val.Ints i -> i.values().size() == 2 ? List.of("h", "w") : List.of("d", "h", "w");
            case Val.Padding.Valid _, Val.Padding.Explicit _ -> List.of("low", "high");
            case Val.Outputs o -> List.copyOf(o.byName().keySet());
            default -> List.of();
          };
      throw context.error(
          Code.NO_MEMBER,
          m.member().span(),
          Show.kind(owner) + " has no `" + name + "`",
          known.isEmpty() ? "" : "it has " + String.join(", ", known),
          Suggestions.help(name, known).or(() -> applied(owner, name, scope)));
    }
    return found;
  }

  /** {@code x.flatten()} is written otherwise here. */
  private static Optional<String> applied(Val owner, String name, Scope scope) {
    return owner instanceof Val.Tensor && scope.module.lookup(name) != null
        ? Optional.of("functions and layers are applied by an arrow: `x -> " + name + "`")
        : Optional.empty();
  }

  /** How much is added; what `same` and `full` add depends on a window. */
  private static @Nullable Val ofPadding(Val.Padding p, String name) {
    boolean low = name.equals("low");
    if (!low && !name.equals("high")) {
      return null;
    }
    return switch (p) {
      case Val.Padding.Valid _ -> new Val.Ints(List.of(0L));
      case Val.Padding.Explicit e -> new Val.Ints(low ? e.low() : e.high());
      case Val.Padding.Same _, Val.Padding.Full _ -> null;
    };
  }

  /** A parameter or an inner layer. */
  private @Nullable Val ofLayer(Instance instance, String name) {
    String path = instance.path(name);
    Entry.Argument weight = context.phase().arguments.get(path);
    if (weight != null) {
      return new Val.Tensor(weight.value(), Patterns.unnamed(weight.value().type().rank()));
    }
    Instance inner = instance.named(name);
    return inner == null ? null : new Val.Configured(inner);
  }

  private Val infix(Expr.Infix i, Scope scope) {
    Val left = eval(i.left(), scope);
    if (left instanceof Val.Bool b && (i.op() == InfixOp.AND || i.op() == InfixOp.OR)) {
      if (b.value() == (i.op() == InfixOp.OR)) {
        return b;
      }
      Val right = eval(i.right(), scope);
      if (right instanceof Val.Bool) {
        return right;
      }
      throw context.error(
          Code.OPERANDS,
          i.operator(),
          "`" + i.op() + "` does not apply to a bool and " + Show.kind(right),
          "");
    }
    // Over several lines the operator's own line says more than the first one.
    boolean oneLine = i.span().line() == i.span().endLine();
    return arithmetic.infix(
        i.op(), left, eval(i.right(), scope), oneLine ? i.span() : i.operator());
  }

  /** A condition: known at compile time. */
  boolean condition(Expr e, Scope scope) {
    Val v = eval(e, scope);
    if (v instanceof Val.Bool b) {
      return b.value();
    }
    if (v instanceof Val.Tensor t) {
      throw context.error(
          Code.RUN_TIME_VALUE,
          e.span(),
          "a condition is decided at compile time, and this is a tensor",
          Show.type(t.type()),
          "choose per element with `where(condition, a, b)`");
    }
    throw context.error(
        Code.ARGUMENT_TYPE, e.span(), "a condition is a bool, not " + Show.kind(v), "");
  }
}
