package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.List;
import modelc.frontend.ast.Expr;
import modelc.frontend.diagnostic.Code;
import modelc.ir.DType;
import modelc.ir.Role;
import modelc.ir.Span;
import modelc.ir.TensorType;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;

/**
 * First values of parameters and states, built into the init entry, and values fitted to the type
 * they are kept in.
 */
final class Initials {
  private final Evaluator evaluator;
  private final Context context;

  Initials(Evaluator evaluator) {
    this.evaluator = evaluator;
    this.context = evaluator.context;
  }

  Value value(Expr e, Scope scope, Val.ListVal sizes, TensorType type, String path) {
    return context.in(
        context.init,
        Role.FORWARD,
        () ->
            context.at(
                path,
                () ->
                    context.drawing(
                        path,
                        () -> {
                          Scope inner = scope.copy();
                          inner.shape = sizes;
                          Val v = evaluator.eval(e, inner);
                          Value first = fit(v, type, "the first value of `" + path + "`", e.span());
                          checkIndependent(first, e.span());
                          return first;
                        })));
  }

  private void checkIndependent(Value v, Span place) {
    for (Value x : Graph.topological(List.of(v))) {
      if (x.op() instanceof Op.Parameter p && !p.name().equals("seed")) {
        throw context.error(
            Code.RUN_TIME_VALUE,
            place,
            "a first value cannot depend on `" + p.name() + "`, which is known only later",
            "");
      }
    }
  }

  /** A number, a list of numbers or a tensor as a value of exactly that type. */
  Value fit(Val v, TensorType type, String what, Span place) {
    if (v instanceof Val.ListVal l) {
      return dense(l, type, what, place);
    }
    if (!Arithmetic.isTensorLike(v) || (v instanceof Val.Bool) != (type.dtype() == DType.BOOL)) {
      if (!(v instanceof Val.Tensor)) {
        throw context.error(
            Code.ARGUMENT_TYPE,
            place,
            what + " is a tensor " + Show.type(type) + ", not " + Show.kind(v),
            "");
      }
    }
    Val.Tensor t = evaluator.arithmetic.tensor(v, type.dtype(), place);
    boolean element =
        t.type().dtype() == type.dtype() || (t.rank() == 0 && t.type().dtype() == DType.F64);
    if (!element || (t.rank() > 0 && !t.type().shape().equals(type.shape()))) {
      throw context.error(
          Code.SHAPE_MISMATCH,
          place,
          what + " is " + Show.type(type) + ", not " + Show.type(t.type()),
          "");
    }
    return context.emit(
        place,
        () ->
            context
                .builder()
                .broadcastScalar(type.shape(), context.builder().convert(type.dtype(), t.value())));
  }

  private Value dense(Val.ListVal l, TensorType type, String what, Span place) {
    var flat = new ArrayList<Double>();
    flatten(l, flat, what, place);
    if (flat.size() != type.shape().elements().constant()) {
      throw context.error(
          Code.SHAPE_MISMATCH,
          place,
          what + " has " + type.shape().elements() + " elements, not " + flat.size(),
          Show.type(type));
    }
    return context.emit(place, () -> context.builder().dense(type, flat));
  }

  private void flatten(Val.ListVal l, List<Double> into, String what, Span place) {
    for (Val v : l.items()) {
      if (v instanceof Val.ListVal inner) {
        flatten(inner, into, what, place);
      } else if (Numbers.isNumber(v)) {
        into.add(Numbers.real(v));
      } else {
        throw context.error(
            Code.ARGUMENT_TYPE, place, what + " is a list of numbers, not of " + Show.kind(v), "");
      }
    }
  }
}
