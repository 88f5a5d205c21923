package modelc.passes.fuse;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Rewriter;
import modelc.ir.tensor.Value;
import modelc.passes.Pass;
import org.jspecify.annotations.Nullable;

/**
 * Reads the sign of x off max(0, x), where that is computed anyway: {@code x > 0} holds exactly
 * where {@code max(0, x) > 0} does, for NaN too. The gradient of ReLU then needs its output only,
 * and its input no memory.
 */
public final class ReluMasks implements Pass {
  @Override
  public String name() {
    return "relu-masks";
  }

  @Override
  public Program run(Program program) {
    return new Program(
        program.model(),
        program.entries().stream().map(e -> e.withFunction(rewrite(e.function()))).toList());
  }

  private static Function rewrite(Function f) {
    Map<Value, Value> rectified = new HashMap<>();
    for (Value v : Graph.topological(f.results())) {
      if (v.op() instanceof Op.Binary o
          && o.fn() == BinaryFn.MAXIMUM
          && v.type().dtype().isFloat()) {
        if (isZero(o.x())) {
          rectified.putIfAbsent(o.y(), v);
        } else if (isZero(o.y())) {
          rectified.putIfAbsent(o.x(), v);
        }
      }
    }
    if (rectified.isEmpty()) {
      return f;
    }
    Map<Value, Value> map = new HashMap<>();
    var b = new Builder();
    var roots = new ArrayList<>(f.parameters());
    // The maxima first, so that comparisons can refer to them.
    roots.addAll(rectified.values());
    roots.addAll(f.results());
    Rewriter.rewriteInto(
        roots,
        map,
        b,
        (old, op, builder) -> {
          if (old.op() instanceof Op.Compare c) {
            Value x =
                replacement(
                    c.x(), c.y(), c.fn() == CompareFn.GT || c.fn() == CompareFn.LE, rectified, map);
            Value y =
                replacement(
                    c.y(), c.x(), c.fn() == CompareFn.LT || c.fn() == CompareFn.GE, rectified, map);
            Op.Compare now = (Op.Compare) op;
            return builder.compare(c.fn(), x == null ? now.x() : x, y == null ? now.y() : y);
          }
          return builder.emit(op);
        });
    List<Value> parameters = f.parameters().stream().map(v -> get(map, v)).toList();
    return new Function(f.name(), parameters, f.results().stream().map(v -> get(map, v)).toList());
  }

  /**
   * The rewritten maximum of 0 and {@code x}, if {@code x} is compared with 0 in a way it decides,
   * and it exists.
   */
  private static @Nullable Value replacement(
      Value x, Value other, boolean decides, Map<Value, Value> rectified, Map<Value, Value> map) {
    Value max = rectified.get(x);
    return decides && max != null && isZero(other) ? map.get(max) : null;
  }

  private static Value get(Map<Value, Value> map, Value v) {
    return requireNonNull(map.get(v));
  }

  private static boolean isZero(Value v) {
    return switch (v.op()) {
      case Op.Constant c -> c.value() == 0;
      case Op.Broadcast b -> isZero(b.x());
      default -> false;
    };
  }
}
