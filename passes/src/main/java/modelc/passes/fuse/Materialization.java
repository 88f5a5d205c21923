package modelc.passes.fuse;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import modelc.ir.Dim;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.passes.layout.ConvForm;
import modelc.passes.layout.Layouts;
import modelc.passes.layout.ProductForm;
import modelc.passes.layout.Views;

/**
 * Decides which values are computed once and kept, and which are computed again wherever an element
 * is needed.
 *
 * <p>It does not decide what is computed together: a kept value may turn out to need no memory
 * because all its users are in its own group.
 */
final class Materialization {
  /**
   * Elements that cost at most this, in operations and loads, are computed again rather than kept.
   */
  static final int CHEAP = 4;

  /**
   * Longer expressions are cut: they bound the recursion of lowering and the registers of a kernel.
   */
  static final int MAX_EXPRESSION = 160;

  private final List<Value> order;
  private final Map<Value, List<Value>> users;
  private final Set<Value> needed = new HashSet<>();
  private final Set<Value> kept = new LinkedHashSet<>();
  private final Map<Value, Integer> cost = new HashMap<>();
  private final Map<Value, Integer> size = new HashMap<>();

  private Materialization(Entry entry, Layouts layouts) {
    List<Value> results = entry.function().results();
    order = Graph.topological(results);
    users = Graph.users(results);
    needed.addAll(results);
    for (Value v : order) {
      if (Kinds.own(v.op()).isPresent() || v.op() instanceof Op.Parameter) {
        needed.add(v);
      }
      switch (v.op()) {
        case Op.DotGeneral o -> {
          needed.add(Views.memory(o.x(), layouts, s -> ProductForm.x(o, s).isPresent()));
          needed.add(Views.memory(o.y(), layouts, s -> ProductForm.y(o, s).isPresent()));
        }
        case Op.Convolution o -> {
          Optional<ConvForm> form = ConvForm.of(v);
          needed.add(asItIs(form.map(ConvForm::activation).orElse(o.x()), layouts));
          needed.add(asItIs(form.map(ConvForm::other).orElse(o.kernel()), layouts));
        }
        default -> {}
      }
    }
  }

  private static Value asItIs(Value v, Layouts layouts) {
    List<Dim> strides = layouts.of(v).strides(v.type().shape());
    return Views.memory(v, layouts, s -> Views.same(v, s, strides));
  }

  /** The values to keep, operands first; parameters are not among them. */
  static List<Value> choose(Entry entry, Layouts layouts) {
    var m = new Materialization(entry, layouts);
    m.keepWhatIsShared();
    m.dropWhatIsCheap();
    m.keepWhatFollows();
    return m.order.stream()
        .filter(v -> m.kept.contains(v) && !(v.op() instanceof Op.Parameter))
        .toList();
  }

  /** Everything that is not a constant. */
  static List<Value> all(Entry entry) {
    return Graph.topological(entry.function().results()).stream()
        .filter(
            v ->
                entry.function().results().contains(v)
                    || !(v.op() instanceof Op.Parameter || v.op() instanceof Op.Constant))
        .filter(v -> !(v.op() instanceof Op.Parameter))
        .toList();
  }

  /** Users first: who reads each value decides whether it is kept. */
  private void keepWhatIsShared() {
    kept.addAll(needed);
    order.forEach(this::measure);
    var readers = new HashMap<Value, Set<Value>>();
    for (int i = order.size() - 1; i >= 0; i--) {
      Value v = order.get(i);
      var by = new LinkedHashSet<Value>();
      for (Value u : users(v)) {
        if (kept.contains(u)) {
          by.add(u);
        } else {
          by.addAll(requireNonNull(readers.get(u)));
        }
      }
      readers.put(v, by);
      boolean shared = by.size() > 1 && cost(v) > CHEAP;
      if (shared || users(v).stream().anyMatch(u -> repeats(u, v))) {
        if (cost(v) > 0) {
          kept.add(v);
        }
      }
    }
  }

  /**
   * Operands first: with what is kept known, some shared values are cheap after all, and some
   * expressions too long.
   */
  private void dropWhatIsCheap() {
    for (Value v : order) {
      if (kept.contains(v) && !needed.contains(v)) {
        measureOperands(v);
        boolean repeated = users(v).stream().anyMatch(u -> repeats(u, v));
        if (cost(v) <= CHEAP && !repeated) {
          kept.remove(v);
        }
      }
      measure(v);
      if (size(v) > MAX_EXPRESSION) {
        kept.add(v);
        measure(v);
      }
    }
  }

  /**
   * A computed value with one elementwise user is not worth keeping: its user is, computed with it.
   */
  private void keepWhatFollows() {
    for (Value v : order) {
      if (!kept.contains(v) || Kinds.own(v.op()).isEmpty()) {
        continue;
      }
      Value last = v;
      while (true) {
        List<Value> next = users(last).stream().distinct().toList();
        boolean follows =
            next.size() == 1
                && !kept.contains(next.getFirst())
                && Kinds.isElementwise(next.getFirst())
                && next.getFirst().type().dtype().bytes() <= v.type().dtype().bytes();
        if (!follows) {
          break;
        }
        last = next.getFirst();
      }
      if (last != v) {
        kept.add(last);
      }
    }
  }

  /**
   * True when {@code user} needs elements of {@code v} several times each, and they are not free.
   */
  private boolean repeats(Value user, Value v) {
    int c = cost(v);
    return switch (user.op()) {
      case Op.Broadcast o ->
          c > 1 && grows(o) || c > 0 && v.type().rank() == 0 && user.type().rank() > 0;
      case Op.ReduceWindow o -> c > CHEAP && Pooling.taps(o.window()) > 1;
      case Op.Gather o -> c > 1 && o.x() == v;
      case Op.SelectAndScatter _, Op.ScatterAdd _ -> c > CHEAP;
      default -> false;
    };
  }

  private static boolean grows(Op.Broadcast o) {
    var result = new ArrayList<Dim>(o.shape().dims());
    result.removeAll(o.x().type().shape().dims());
    return result.stream().anyMatch(d -> !d.isOne());
  }

  private void measure(Value v) {
    if (kept.contains(v)) {
      cost.put(v, v.type().rank() == 0 ? 0 : 1);
      size.put(v, 1);
      return;
    }
    measureOperands(v);
  }

  private void measureOperands(Value v) {
    int c = Costs.of(v.op());
    int n = 1;
    for (Value x : v.op().operands()) {
      c += cost(x);
      n += size(x);
    }
    // What is read again and again stays in registers or the nearest cache.
    boolean rereads = v.op() instanceof Op.Broadcast o && grows(o) && kept.contains(o.x());
    cost.put(v, rereads ? 0 : Math.min(c, 1 << 20));
    size.put(v, Math.min(n, 1 << 20));
  }

  private int cost(Value v) {
    return requireNonNull(cost.get(v));
  }

  private int size(Value v) {
    return requireNonNull(size.get(v));
  }

  private List<Value> users(Value v) {
    return requireNonNull(users.get(v));
  }
}
