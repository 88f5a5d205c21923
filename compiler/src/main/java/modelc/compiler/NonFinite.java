package modelc.compiler;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Origin;
import modelc.ir.ReduceFn;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Value;
import modelc.passes.Options;
import modelc.passes.Pipeline;
import modelc.passes.simplify.Simplify;
import modelc.runtime.Call;
import modelc.runtime.Model;
import modelc.runtime.Session;
import modelc.runtime.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Finds the op that made a training step infinite or NaN: the step is compiled again so that it
 * tells of each of its values whether it is finite, run on the same arguments, and the values that
 * are not are followed back from the loss or the gradients to where they begin. It changes nothing.
 *
 * <p>Values that are not finite on purpose (a mask of minus infinity) lie on no such way unless
 * they do harm.
 */
public final class NonFinite {
  private static final String PROBE = "probe";

  /**
   * Where it begins.
   *
   * @param origin the op's place in the source; of a parameter, that of its update
   * @param op what it is called, e.g. {@code log}; {@code parameter} or {@code input} if an
   *     argument was not finite when the step began
   * @param name of that argument; else empty
   * @param result what the op gave
   * @param operands what it was given, constants too
   */
  public record Finding(
      Origin origin, String op, String name, Element result, List<Element> operands) {
    public Finding {
      operands = List.copyOf(operands);
    }
  }

  /**
   * One tensor at its first element that is not finite, or an operand beside it.
   *
   * @param type as {@code f32[64,10]}
   * @param place that element's index; empty if the tensor has no such element
   * @param value of that element
   * @param bad how many elements are not finite
   * @param largest magnitude of those that are
   */
  public record Element(
      String type, List<Long> place, double value, long bad, long elements, double largest) {
    public Element {
      place = List.copyOf(place);
    }
  }

  private final String model;
  private final Entry train;
  private final Call step;
  private final int threads;

  private NonFinite(String model, Entry train, Call step, int threads) {
    this.model = model;
    this.train = train;
    this.step = step;
    this.threads = threads;
  }

  /**
   * The first op of the training step that is not finite on the arguments that {@code step} holds.
   *
   * @param program what {@code step} was compiled from
   * @param step a call of its entry {@code train}
   * @param threads to compute with
   * @return empty if every value is finite when it is computed on its own
   * @throws modelc.runtime.LimitException if there is not enough memory to look
   */
  public static Optional<Finding> find(Program program, Call step, int threads) {
    Program simple =
        Pipeline.after(new Simplify().name(), program.only(List.of("train")), Options.DEFAULT);
    return new NonFinite(program.model(), simple.entry("train"), step, threads).find();
  }

  private Optional<Finding> find() {
    for (Entry.Argument a : train.arguments()) {
      if (a.kind() == Entry.Kind.PARAMETER && step.argument(a.name()).firstNotFinite() >= 0) {
        return Optional.of(argument(a));
      }
    }
    List<Value> checked = checked();
    Map<Value, Value> seen = seen(checked);
    Map<Value, Integer> state = probe(checked, seen);
    return checked.stream()
        .filter(v -> state.getOrDefault(v, 0) > 0)
        .findFirst()
        .map(v -> origin(v, state))
        .map(v -> finding(v, seen.get(v)));
  }

  /**
   * What the step's own check looks at: the loss, and the gradients where that is finite, for else
   * they follow from it.
   */
  private List<Value> checked() {
    for (Entry.Result r : train.results()) {
      if (r.kind() == Entry.Kind.LOSS && !Double.isFinite(step.value(r.name()))) {
        return List.of(r.value());
      }
    }
    List<Value> flags =
        train.results().stream()
            .filter(r -> r.kind() == Entry.Kind.FINITE)
            .map(Entry.Result::value)
            .toList();
    return Graph.topological(flags).stream()
        .flatMap(
            v ->
                v.op() instanceof Op.Unary u && u.fn() == UnaryFn.IS_FINITE
                    ? Stream.of(u.x())
                    : Stream.empty())
        .toList();
  }

  /** Of each value that is computed with: 0 if it is finite, 1 if it is infinite, 2 if NaN. */
  private Map<Value, Integer> probe(List<Value> checked, Map<Value, Value> seen) {
    List<Value> values =
        Graph.topological(checked).stream().filter(v -> v.type().dtype().isFloat()).toList();
    var results = new ArrayList<Entry.Result>();
    for (Value v : values) {
      results.add(output(Integer.toString(results.size()), state(v, seen.get(v))));
    }
    var state = new IdentityHashMap<Value, Integer>();
    run(
        results,
        probe -> {
          for (int i = 0; i < values.size(); i++) {
            state.put(values.get(i), (int) probe.value(Integer.toString(i)));
          }
          return state;
        });
    return state;
  }

  /**
   * Which elements of a value are looked at, bool; absent: all. Those that {@code where} leaves out
   * may be what they like, and so may what only they are computed from, element by element.
   */
  private static Map<Value, Value> seen(List<Value> checked) {
    Map<Value, List<Value>> users = Graph.users(checked);
    var seen = new IdentityHashMap<Value, Value>();
    var b = new Builder();
    for (Value v : Graph.topological(checked).reversed()) {
      Value all = null;
      boolean whole = checked.contains(v);
      for (Value user : users.getOrDefault(v, List.of())) {
        Value part = seenBy(user, v, seen.get(user), b);
        whole |= part == null;
        all = all == null || part == null ? part : b.binary(BinaryFn.OR, all, part);
      }
      if (!whole && all != null) {
        seen.put(v, all);
      }
    }
    return seen;
  }

  /** Which elements of {@code v} its user looks at; null: all. */
  private static @Nullable Value seenBy(Value user, Value v, @Nullable Value seen, Builder b) {
    return switch (user.op()) {
      case Op.Select s when s.predicate() != v && s.onTrue() != s.onFalse() -> {
        Value chosen = s.onTrue() == v ? s.predicate() : b.unary(UnaryFn.NOT, s.predicate());
        yield seen == null ? chosen : b.binary(BinaryFn.AND, chosen, seen);
      }
      case Op.Unary _, Op.Binary _, Op.Convert _ -> seen;
      default -> null;
    };
  }

  private static Value state(Value v, @Nullable Value seen) {
    var b = new Builder();
    return b.with(
        v.origin(),
        () -> {
          var codes = new TensorType(DType.F32, v.type().shape());
          Value zero = b.constantLike(v, 0);
          Value infinite = b.compare(CompareFn.GT, b.unary(UnaryFn.ABS, v), zero);
          Value code =
              b.select(
                  b.unary(UnaryFn.IS_FINITE, v),
                  b.constant(codes, 0),
                  b.select(infinite, b.constant(codes, 1), b.constant(codes, 2)));
          Value looked = seen == null ? code : b.select(seen, code, b.constant(codes, 0));
          return b.reduce(
              ReduceFn.MAXIMUM, IntStream.range(0, v.type().rank()).boxed().toList(), looked);
        });
  }

  /** Follows what is not finite back from {@code end}: NaN to NaN first, then to infinities. */
  private static Value origin(Value end, Map<Value, Integer> state) {
    Value at = end;
    Value madeNaN = end;
    Set<Value> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    while (seen.add(at)) {
      Value from = null;
      for (int wanted = 2; wanted >= 1 && from == null; wanted--) {
        for (Value operand : at.op().operands()) {
          if (state.getOrDefault(operand, 0) == wanted) {
            from = operand;
            break;
          }
        }
      }
      if (from == null) {
        break;
      }
      if (state.getOrDefault(at, 0) == 2 && state.getOrDefault(from, 0) == 1) {
        madeNaN = at;
      }
      at = from;
    }
    // A constant is infinite because it was written so: the op that made it NaN is to blame.
    return at.op() instanceof Op.Constant ? madeNaN : at;
  }

  private Finding finding(Value v, @Nullable Value seen) {
    if (v.op() instanceof Op.Parameter p) {
      return train.arguments().stream()
          .filter(a -> a.name().equals(p.name()))
          .map(this::argument)
          .findFirst()
          .orElseThrow();
    }
    var shown = new LinkedHashMap<String, Value>();
    shown.put("result", v);
    for (Value operand : v.op().operands()) {
      shown.put("operand" + shown.size(), operand);
    }
    var results = new ArrayList<Entry.Result>();
    shown.forEach((name, value) -> results.add(output(name, value)));
    if (seen != null) {
      results.add(output("seen", seen));
    }
    return run(
        results,
        probe -> {
          Tensor result = probe.output("result");
          long place = first(result, seen == null ? null : probe.output("seen"));
          var operands = new ArrayList<Element>();
          for (String name : shown.keySet()) {
            Tensor t = probe.output(name);
            if (!name.equals("result")) {
              operands.add(element(t, t.shape().equals(result.shape()) ? place : -1));
            }
          }
          return new Finding(v.origin(), name(v.op()), "", element(result, place), operands);
        });
  }

  /** The first element that is not finite and is looked at; -1 if none is, computed this way. */
  private static long first(Tensor t, @Nullable Tensor seen) {
    for (long place = 0; place < t.elements(); place++) {
      if (!Double.isFinite(t.number(place)) && (seen == null || seen.number(place) != 0)) {
        return place;
      }
    }
    return -1;
  }

  private static String name(Op op) {
    return switch (op) {
      case Op.Reduce r -> name(r.fn());
      case Op.ReduceWindow r -> name(r.fn()) + " of windows";
      default -> op.mnemonic();
    };
  }

  private static String name(ReduceFn fn) {
    return switch (fn) {
      case ADD -> "sum";
      case MULTIPLY -> "product";
      case MAXIMUM -> "max";
      case MINIMUM -> "min";
      case AND, OR -> fn.toString();
    };
  }

  private Finding argument(Entry.Argument a) {
    Tensor held = step.argument(a.name());
    Origin origin =
        train.results().stream()
            .filter(r -> r.name().equals(a.name()))
            .map(r -> r.value().origin())
            .findFirst()
            .orElse(a.value().origin());
    String kind = a.kind() == Entry.Kind.INPUT ? "input" : "parameter";
    return new Finding(origin, kind, a.name(), element(held, held.firstNotFinite()), List.of());
  }

  private static Element element(Tensor t, long place) {
    long bad = 0;
    double largest = 0;
    for (long i = 0; i < t.elements(); i++) {
      double x = Math.abs(t.number(i));
      if (Double.isFinite(x)) {
        largest = Math.max(largest, x);
      } else {
        bad++;
      }
    }
    double value = place >= 0 ? t.number(place) : Double.NaN;
    List<Long> index = place >= 0 ? index(t.shape(), place) : List.of();
    return new Element(t.toString(), index, value, bad, t.elements(), largest);
  }

  private static List<Long> index(List<Long> shape, long place) {
    var index = new ArrayList<Long>();
    long rest = place;
    for (long size : shape.reversed()) {
      index.addFirst(rest % size);
      rest /= size;
    }
    return index;
  }

  private static Entry.Result output(String name, Value value) {
    return new Entry.Result(name, Entry.Kind.OUTPUT, value, OptionalInt.empty());
  }

  private interface Reading<T> {
    T read(Call probe);
  }

  /** Computes {@code results} from the arguments of the step. */
  private <T> T run(List<Entry.Result> results, Reading<T> reading) {
    var program = new Program(model, List.of(new Entry(PROBE, train.arguments(), results)));
    try (Model compiled = new Compiler().compile(program).load();
        Session session = compiled.open(threads)) {
      var variables = new LinkedHashMap<String, Tensor>();
      for (var v : compiled.variables()) {
        variables.put(v.name(), step.argument(v.name()));
      }
      session.set(variables);
      Call probe = session.call(PROBE).bindAs(step);
      probe.run();
      return reading.read(probe);
    }
  }
}
