package modelc.passes.simplify;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
 * Rewrites by local rules that hold exactly: constants folded, identities dropped, ops that move
 * elements merged into each other and into contractions. It never reassociates floating-point sums,
 * looks into callees, or trades memory for arithmetic.
 *
 * <p>Exactly means: every element the same real number, infinity or NaN, in float64 as in float32,
 * but for four things: the sign of a zero may change; a sum over equal elements becomes a product,
 * and a sum of sums one sum (neither order is promised); {@code x^0.5} and {@code x^-0.5} become
 * roots, which differ at minus infinity and -0; small integer powers become products. {@code x*0}
 * is 0 only where x is known to be finite.
 *
 * <p>One round visits each value once, operands first, and is linear in the graph; rounds repeat
 * until nothing changes, {@link #MAX_ROUNDS} at most.
 */
public final class Simplify implements Pass {
  /**
   * Rounds after which the pass stops even if a rule would still apply: what is left is correct,
   * not minimal.
   */
  public static final int MAX_ROUNDS = 8;

  @Override
  public String name() {
    return "simplify";
  }

  @Override
  public Program run(Program program) {
    return new Program(
        program.model(),
        program.entries().stream().map(e -> e.withFunction(simplify(e.function()))).toList());
  }

  /** {@code f}, simplified. */
  public static Function simplify(Function f) {
    Function current = f;
    for (int i = 0; i < MAX_ROUNDS; i++) {
      var round = new Round(current);
      current = round.rewritten();
      if (!round.changed) {
        break;
      }
    }
    return current;
  }

  /** One rewriting of a function. */
  private static final class Round {
    private final Function function;
    private final Map<Value, Integer> uses = new HashMap<>();
    private boolean hasGradients;
    private boolean changed;

    Round(Function function) {
      this.function = function;
      for (Value v : Graph.topological(roots())) {
        hasGradients |= v.op() instanceof Op.Gradient;
        v.op().operands().forEach(x -> uses.merge(x, 1, Integer::sum));
      }
      function.results().forEach(r -> uses.merge(r, 1, Integer::sum));
    }

    private List<Value> roots() {
      var roots = new ArrayList<>(function.parameters());
      roots.addAll(function.results());
      return roots;
    }

    Function rewritten() {
      Map<Value, Value> map = new HashMap<>();
      Rewriter.rewriteInto(roots(), map, new Builder(), this::rewrite);
      return new Function(
          function.name(),
          function.parameters().stream().map(v -> requireNonNull(map.get(v))).toList(),
          function.results().stream().map(v -> requireNonNull(map.get(v))).toList());
    }

    private Value rewrite(Value old, Op op, Builder b) {
      Value replacement = FoldConstants.fold(op, b);
      if (replacement == null) {
        replacement = rule(old, op, b);
      }
      if (replacement == null) {
        return b.emit(op);
      }
      changed = true;
      return replacement;
    }

    private @Nullable Value rule(Value old, Op op, Builder b) {
      return switch (op) {
        case Op.Parameter _,
            Op.Constant _,
            Op.RandomBits _,
            Op.Gather _,
            Op.ScatterAdd _,
            Op.SelectAndScatter _,
            Op.Call _,
            Op.Gradient _ ->
            null;
        case Op.DenseConstant o -> FoldConstants.splat(o, b);
        case Op.Iota o -> o.type().dim(o.axis()).isOne() ? b.constant(o.type(), 0) : null;
        case Op.Unary o -> ElementwiseRules.unary(o, b);
        case Op.Binary o -> ElementwiseRules.binary(o, b);
        case Op.Compare o -> LogicRules.compare(o, b);
        case Op.Select o -> LogicRules.select(o, b);
        case Op.Convert o -> ElementwiseRules.convert(o, b);
        case Op.Reshape o -> StructuralRules.reshape(o, b);
        case Op.Transpose o -> transpose(old, o, b);
        case Op.Broadcast o -> StructuralRules.broadcast(o, b);
        case Op.Slice o -> StructuralRules.slice(o, b);
        case Op.Pad o -> StructuralRules.pad(o, b);
        case Op.Concatenate o -> StructuralRules.concatenate(o, b);
        case Op.Reverse o -> StructuralRules.reverse(o, b);
        case Op.Reduce o -> ReductionRules.reduce(o, isOnlyUse(old, 0), b);
        case Op.CumulativeSum o -> o.x().type().dim(o.axis()).isOne() ? o.x() : null;
        case Op.ReduceWindow o -> ReductionRules.reduceWindow(o, b);
        case Op.DotGeneral o -> ContractionRules.dotGeneral(o, b);
        case Op.Convolution o -> ContractionRules.convolution(o, b);
        // As long as something will be differentiated it still means something.
        case Op.StopGradient o -> hasGradients ? null : o.x();
      };
    }

    private @Nullable Value transpose(Value old, Op.Transpose o, Builder b) {
      Value merged = StructuralRules.transpose(o, b);
      // With another user the untransposed product would be computed as well.
      return merged == null && isOnlyUse(old, 0) ? ContractionRules.transpose(o, b) : merged;
    }

    /** Whether {@code old} alone uses its operand {@code index}. */
    private boolean isOnlyUse(Value old, int index) {
      return requireNonNull(uses.get(old.op().operands().get(index))) == 1;
    }
  }
}
