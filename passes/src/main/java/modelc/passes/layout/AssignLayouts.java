package modelc.passes.layout;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Rewriter;
import modelc.ir.tensor.Value;

/**
 * Chooses the layout of every value: channels last for what convolutions read and write, and for
 * whatever is computed from or into that axis by axis; row-major for everything else. Arguments and
 * results of an entry are row-major.
 *
 * <p>It does not change types: layouts are a side table. Where a convolution reads an argument, or
 * a result is in another layout, it puts a copy (an identity, {@code stop_gradient}).
 */
public final class AssignLayouts {
  /** The entry, with copies where a value is needed in two layouts. */
  public record Result(Entry entry, Layouts layouts) {}

  private final Set<Value> results;
  private final Map<Value, Value> parent = new HashMap<>();
  private final Set<Value> channelsLast = new HashSet<>();

  private AssignLayouts(Function f) {
    results = new HashSet<>(f.results());
  }

  public static Result assign(Entry entry) {
    Function f = entry.function();
    var classes = new AssignLayouts(f);
    List<Value> order = Graph.topological(f.results());
    order.forEach(classes::join);
    order.forEach(v -> ConvForm.of(v).ifPresent(form -> classes.seed(v, form)));
    return classes.rewrite(entry, f);
  }

  /** Puts {@code v} with the operands whose axes are its own. */
  private void join(Value v) {
    List<Value> alike =
        switch (v.op()) {
          case Op.Unary _, Op.Binary _, Op.Compare _, Op.Select _, Op.Convert _ ->
              v.op().operands();
          case Op.StopGradient o -> results.contains(v) ? List.of() : List.of(o.x());
          case Op.Slice o -> List.of(o.x());
          case Op.Pad o -> List.of(o.x());
          case Op.Reverse o -> List.of(o.x());
          case Op.CumulativeSum o -> List.of(o.x());
          case Op.Concatenate o -> o.xs();
          case Op.ReduceWindow o -> List.of(o.x());
          case Op.SelectAndScatter o -> List.of(o.x(), o.source());
          case Op.Parameter _, Op.Constant _, Op.DenseConstant _, Op.Iota _, Op.RandomBits _ ->
              List.of();
          case Op.Reshape _, Op.Transpose _, Op.Broadcast _, Op.Gather _, Op.ScatterAdd _ ->
              List.of();
          case Op.Reduce _, Op.DotGeneral _, Op.Convolution _, Op.Call _, Op.Gradient _ ->
              List.of();
        };
    for (Value x : alike) {
      Value a = find(v);
      Value b = find(x);
      if (a != b) {
        parent.put(a, b);
      }
    }
  }

  private Value find(Value v) {
    Value root = v;
    for (Value p = parent.get(root); p != null; p = parent.get(root)) {
      root = p;
    }
    for (Value p = parent.get(v); p != null; p = parent.get(v)) {
      parent.put(v, root);
      v = p == root ? root : p;
    }
    return root;
  }

  private void seed(Value v, ConvForm form) {
    channelsLast.add(find(form.activation()));
    if (form.kind() == ConvForm.Kind.WEIGHT_GRADIENT) {
      channelsLast.add(find(form.other()));
    } else {
      channelsLast.add(find(v));
    }
  }

  private Optional<Layout> layout(Value v) {
    boolean last =
        v.type().rank() >= 3
            && channelsLast.contains(find(v))
            && !(v.op() instanceof Op.Parameter)
            && !(v.op() instanceof Op.StopGradient && results.contains(v));
    return last ? Optional.of(ConvForm.channelsLast(v.type().rank())) : Optional.empty();
  }

  private Result rewrite(Entry entry, Function f) {
    var b = new Builder();
    Map<Value, Value> rewritten = new HashMap<>();
    Map<Value, Layout> layouts = new HashMap<>();
    var roots = new ArrayList<>(f.parameters());
    roots.addAll(f.results());
    Rewriter.rewriteInto(
        roots,
        rewritten,
        b,
        (old, op, builder) -> {
          Value v =
              builder.emit(
                  op instanceof Op.Convolution c ? withCopies(old, c, builder, layouts) : op);
          layout(old).ifPresent(l -> layouts.put(v, l));
          return v;
        });
    var outs = new ArrayList<Value>();
    for (Value r : f.results()) {
      Value v = requireNonNull(rewritten.get(r));
      Layout l = layouts.getOrDefault(v, Layout.canonical(v.type().rank()));
      boolean plain = l.sameMemory(Layout.canonical(v.type().rank()), v.type().shape());
      outs.add(plain ? v : b.with(v.origin(), () -> b.stopGradient(v)));
    }
    List<Value> parameters =
        f.parameters().stream().map(v -> requireNonNull(rewritten.get(v))).toList();
    return new Result(
        entry.withFunction(new Function(f.name(), parameters, outs)), new Layouts(layouts));
  }

  /** The convolution with operands that lie in memory as its kernel wants them. */
  private Op withCopies(Value old, Op.Convolution o, Builder b, Map<Value, Layout> layouts) {
    Optional<ConvForm> form = ConvForm.of(old);
    if (form.isEmpty()) {
      return o;
    }
    int rank = old.type().rank();
    Op.Convolution before = (Op.Convolution) old.op();
    Value x = inLayout(before.x(), o.x(), ConvForm.channelsLast(rank), b, layouts);
    // The weights of a grouped input gradient are behind reshapes, which give them memory of their
    // own.
    Value kernel =
        form.get().other() == before.kernel()
            ? inLayout(before.kernel(), o.kernel(), form.get().otherLayout(rank), b, layouts)
            : o.kernel();
    return new Op.Convolution(
        o.window(), o.dims(), o.reversal(), o.featureGroups(), o.batchGroups(), x, kernel);
  }

  private Value inLayout(Value old, Value v, Layout wanted, Builder b, Map<Value, Layout> layouts) {
    Layout has = layout(old).orElse(Layout.canonical(old.type().rank()));
    if (has.sameMemory(wanted, old.type().shape())) {
      return v;
    }
    Value copy = b.with(v.origin(), () -> b.stopGradient(v));
    if (!wanted.isCanonical()) {
      layouts.put(copy, wanted);
    }
    return copy;
  }
}
