package modelc.passes.analysis;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;
import modelc.ir.Dim;
import modelc.ir.Role;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.passes.Inline;

/**
 * What an entry costs for given sizes: arithmetic of its contractions, bytes moved and memory held,
 * op by op and unfused. It predicts no times and knows no machine; fusion moves and holds less.
 *
 * @param flops of dot_general and convolution alone, a multiply-add being 2
 * @param bytesRead the operands of every op
 * @param bytesWritten the result of every op
 * @param peakBytes the most that must be held at once, in the graph's order: arguments throughout,
 *     every other value from its op to its last use, a result that replaces an argument in its
 *     place. No plan of the unfused entry needs less.
 * @param ops the same by op, operands before users, without those that cost nothing
 */
public record Costs(
    long flops, long bytesRead, long bytesWritten, long peakBytes, List<OpCost> ops) {
  public Costs {
    ops = List.copyOf(ops);
  }

  /** One op's part. */
  public record OpCost(Value value, long flops, long bytesRead, long bytesWritten) {}

  /**
   * The costs of {@code entry}, its calls expanded.
   *
   * @param sizes the value of every symbol
   * @throws IllegalArgumentException if it still asks for gradients
   * @throws ArithmeticException if a count overflows
   */
  public static Costs of(Entry entry, Map<Symbol, Long> sizes) {
    var inPlace = new HashSet<Integer>();
    for (int i = 0; i < entry.results().size(); i++) {
      if (entry.results().get(i).aliases().isPresent()) {
        inPlace.add(i);
      }
    }
    return of(entry.function(), inPlace, sizes);
  }

  /** As {@link #of(Entry, Map)}; no result replaces an argument. */
  public static Costs of(Function function, Map<Symbol, Long> sizes) {
    return of(function, Set.of(), sizes);
  }

  /**
   * The arithmetic of {@code values}, a group's or any others.
   *
   * @param sizes the value of every symbol
   * @return multiply-adds of dot_general and convolution, counted as 2
   * @throws ArithmeticException if it overflows
   */
  public static long flops(Collection<Value> values, Map<Symbol, Long> sizes) {
    ToLongFunction<Symbol> size = sizes(sizes);
    long flops = 0;
    for (Value v : values) {
      flops = Math.addExact(flops, flops(v, size));
    }
    return flops;
  }

  private static ToLongFunction<Symbol> sizes(Map<Symbol, Long> sizes) {
    return s -> {
      Long value = sizes.get(s);
      if (value == null) {
        throw new IllegalArgumentException("symbol " + s + " has no value");
      }
      return value;
    };
  }

  private static Costs of(Function function, Set<Integer> inPlace, Map<Symbol, Long> sizes) {
    Function f = Inline.inline(function);
    ToLongFunction<Symbol> size = sizes(sizes);
    List<Value> order = Graph.topological(f.results());
    var ops = new ArrayList<OpCost>();
    long flops = 0;
    long read = 0;
    long written = 0;
    for (Value v : order) {
      OpCost cost = cost(v, size);
      if (cost.flops > 0 || cost.bytesRead > 0 || cost.bytesWritten > 0) {
        ops.add(cost);
        flops = Math.addExact(flops, cost.flops);
        read = Math.addExact(read, cost.bytesRead);
        written = Math.addExact(written, cost.bytesWritten);
      }
    }
    return new Costs(flops, read, written, peak(f, order, inPlace, size), ops);
  }

  private static OpCost cost(Value v, ToLongFunction<Symbol> size) {
    if (!isComputed(v.op())) {
      return new OpCost(v, 0, 0, 0);
    }
    long read = 0;
    for (Value x : v.op().operands()) {
      read = Math.addExact(read, isStored(x.op()) ? bytes(x.type(), size) : 0);
    }
    return new OpCost(v, flops(v, size), read, bytes(v.type(), size));
  }

  /** Whether the op does anything: a reshape is another view of the same memory. */
  private static boolean isComputed(Op op) {
    return isStored(op)
        && !(op instanceof Op.Parameter
            || op instanceof Op.Reshape
            || op instanceof Op.StopGradient);
  }

  /** Whether the op's result is memory: a constant is an operand of instructions. */
  private static boolean isStored(Op op) {
    return !(op instanceof Op.Constant);
  }

  private static long bytes(TensorType type, ToLongFunction<Symbol> size) {
    return Math.multiplyExact(type.shape().elements().evaluate(size), (long) type.dtype().bytes());
  }

  /** The nominal arithmetic of one op: padding counts like any other element. */
  static long flops(Value v, ToLongFunction<Symbol> size) {
    return switch (v.op()) {
      case Op.DotGeneral o -> {
        long products = v.type().shape().elements().evaluate(size);
        for (int axis : o.xContract()) {
          products = Math.multiplyExact(products, o.x().type().dim(axis).evaluate(size));
        }
        yield Math.multiplyExact(2L, products);
      }
      case Op.Convolution o -> Math.multiplyExact(2L, products(o, v, size));
      case Op.Gradient _ ->
          throw new IllegalArgumentException("gradients have no cost before autodiff");
      case Op.Parameter _,
          Op.Constant _,
          Op.DenseConstant _,
          Op.Iota _,
          Op.RandomBits _,
          Op.Unary _,
          Op.Binary _,
          Op.Compare _,
          Op.Select _,
          Op.Convert _,
          Op.Reshape _,
          Op.Transpose _,
          Op.Broadcast _,
          Op.Slice _,
          Op.Pad _,
          Op.Concatenate _,
          Op.Reverse _,
          Op.Gather _,
          Op.ScatterAdd _,
          Op.Reduce _,
          Op.CumulativeSum _,
          Op.ReduceWindow _,
          Op.SelectAndScatter _,
          Op.StopGradient _,
          Op.Call _ ->
          0;
    };
  }

  /**
   * Every element of the result times every one of its kernel. In the backward pass the input
   * gradient's padding and dilation are made up: there it is every element of the input, which is
   * what the forward convolution counted.
   */
  private static long products(Op.Convolution o, Value v, ToLongFunction<Symbol> size) {
    TensorType kernel = o.kernel().type();
    Dim taps = kernel.dim(o.dims().kernelInputFeature());
    Dim window = Dim.ONE;
    for (int axis : o.dims().kernelSpatial()) {
      window = window.times(kernel.dim(axis));
    }
    long forward = v.type().shape().elements().times(taps).times(window).evaluate(size);
    if (v.origin().role() != Role.BACKWARD) {
      return forward;
    }
    long outputs = kernel.dim(o.dims().kernelOutputFeature()).evaluate(size);
    long inputs = o.x().type().shape().elements().times(window).evaluate(size);
    long groups = Math.multiplyExact(o.featureGroups(), o.batchGroups());
    return Math.min(forward, Math.multiplyExact(inputs, outputs / groups));
  }

  private static long peak(
      Function f, List<Value> order, Set<Integer> inPlace, ToLongFunction<Symbol> size) {
    var lastUse = new HashMap<Value, Integer>();
    for (int i = 0; i < order.size(); i++) {
      for (Value x : order.get(i).op().operands()) {
        lastUse.put(storage(x), i);
      }
    }
    long live = 0;
    for (Value p : f.parameters()) {
      live = Math.addExact(live, bytes(p.type(), size));
      lastUse.put(p, order.size());
    }
    for (int i = 0; i < f.results().size(); i++) {
      if (!inPlace.contains(i)) {
        lastUse.put(storage(f.results().get(i)), order.size());
      }
    }
    long peak = live;
    for (int i = 0; i < order.size(); i++) {
      Value v = order.get(i);
      if (isComputed(v.op())) {
        live = Math.addExact(live, bytes(v.type(), size));
        peak = Math.max(peak, live);
      }
      // What nothing uses later is given back: the operands, and an update that took its argument's
      // place.
      var dead = new HashSet<Value>();
      for (Value x : v.op().operands()) {
        dead.add(storage(x));
      }
      dead.add(storage(v));
      for (Value x : dead) {
        if (isComputed(x.op()) && lastUse.getOrDefault(x, -1) <= i) {
          live -= bytes(x.type(), size);
          lastUse.put(x, Integer.MAX_VALUE);
        }
      }
    }
    return peak;
  }

  /** The value whose memory {@code v} is a view of. */
  private static Value storage(Value v) {
    Value source = v;
    while (true) {
      switch (source.op()) {
        case Op.Reshape o -> source = o.x();
        case Op.StopGradient o -> source = o.x();
        default -> {
          return source;
        }
      }
    }
  }
}
