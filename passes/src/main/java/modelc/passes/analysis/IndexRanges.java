package modelc.passes.analysis;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.tensor.Callable;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.passes.Inline;
import org.jspecify.annotations.Nullable;

/**
 * Which integers the inputs of an entry may hold, where loss or outputs depend on what is picked by
 * them: the class of a {@code cross_entropy}, the column of a {@code one_hot}, the row of a {@code
 * take}. Such code computes something from any integer, so that a label which is no class would be
 * trained on in silence.
 *
 * <p>What a model makes of an integer by arithmetic ({@code max(label, 0)}) is its own business and
 * bounds nothing. Metrics bound nothing either: they leave out what is no class.
 */
public final class IndexRanges {
  private IndexRanges() {}

  /**
   * Integers from 0 to {@code count - 1}, and others that the model replaces before it picks.
   *
   * @param others as in {@code where(label == 255, 0, label)}
   */
  public record Range(long count, SortedSet<Long> others) {
    private boolean contains(long value) {
      return value >= 0 && value < count || others.contains(value);
    }

    private Range and(Range o) {
      var both =
          Stream.concat(others.stream(), o.others.stream())
              .filter(v -> contains(v) && o.contains(v))
              .collect(Collectors.toCollection(TreeSet::new));
      return new Range(Math.min(count, o.count), both);
    }
  }

  /** By the name of the input; none for inputs that nothing is picked by. */
  public static Map<String, Range> of(Entry entry) {
    var found = new HashMap<String, Range>();
    if (entry.arguments().stream().noneMatch(IndexRanges::isIndex)) {
      return found;
    }
    List<Value> roots =
        entry.results().stream()
            .filter(r -> r.kind() == Entry.Kind.LOSS || r.kind() == Entry.Kind.OUTPUT)
            .map(Entry.Result::value)
            .toList();
    List<Value> parameters = entry.arguments().stream().map(Entry.Argument::value).toList();
    Function f =
        Inline.inline(new Function(entry.name(), parameters, roots), IndexRanges::takesIntegers);
    var inputs = new HashMap<Value, String>();
    for (int i = 0; i < parameters.size(); i++) {
      if (isIndex(entry.arguments().get(i))) {
        inputs.put(f.parameters().get(i), entry.arguments().get(i).name());
      }
    }
    for (Value v : Graph.topological(f.results())) {
      Picked picked = picked(v);
      Source source = picked == null ? null : source(picked.by);
      String name = source == null ? null : inputs.get(source.value);
      if (picked != null && source != null && name != null) {
        found.merge(name, new Range(picked.of, source.replaced), Range::and);
      }
    }
    return found;
  }

  private static boolean isIndex(Entry.Argument a) {
    return a.kind() == Entry.Kind.INPUT && isInteger(a.value());
  }

  private static boolean takesIntegers(Callable c) {
    return c.body().parameters().stream().anyMatch(IndexRanges::isInteger);
  }

  private static boolean isInteger(Value v) {
    return v.type().dtype() == DType.I32 || v.type().dtype() == DType.I64;
  }

  /** One of so many is picked. */
  private record Picked(Value by, long of) {}

  private static @Nullable Picked picked(Value v) {
    return switch (v.op()) {
      case Op.Gather g when g.x().type().shape().dim(g.axis()).isConstant() ->
          new Picked(g.indices(), g.x().type().shape().dim(g.axis()).constant());
      case Op.Compare(CompareFn fn, Value x, Value y) when fn == CompareFn.EQ -> {
        Picked p = picked(x, y);
        yield p == null ? picked(y, x) : p;
      }
      default -> null;
    };
  }

  /**
   * As {@code pick} and {@code one_hot} are written: places along an axis compared with an index.
   */
  private static @Nullable Picked picked(Value places, Value by) {
    return places.op() instanceof Op.Iota i && i.type().shape().dim(i.axis()).isConstant()
        ? new Picked(by, i.type().shape().dim(i.axis()).constant())
        : null;
  }

  /** A value of which another is a rearrangement, but for the elements of some values. */
  private record Source(Value value, SortedSet<Long> replaced) {}

  private static Source source(Value index) {
    var replaced = new TreeSet<Long>();
    Value v = index;
    while (true) {
      Value from =
          switch (v.op()) {
            case Op.Reshape r -> r.x();
            case Op.Broadcast b -> b.x();
            case Op.Transpose t -> t.x();
            case Op.Slice s -> s.x();
            case Op.Reverse r -> r.x();
            case Op.StopGradient s -> s.x();
            case Op.Select s -> replaces(s, replaced) ? s.onFalse() : null;
            default -> null;
          };
      if (from == null) {
        return new Source(v, replaced);
      }
      v = from;
    }
  }

  /** Whether it is {@code where(x == c, constant, x)}; {@code c} is added to {@code replaced}. */
  private static boolean replaces(Op.Select s, SortedSet<Long> replaced) {
    if (constant(s.onTrue()) == null
        || !(s.predicate().op() instanceof Op.Compare(CompareFn fn, Value x, Value y))
        || fn != CompareFn.EQ) {
      return false;
    }
    Double c = x == s.onFalse() ? constant(y) : y == s.onFalse() ? constant(x) : null;
    if (c != null) {
      replaced.add(c.longValue());
    }
    return c != null;
  }

  private static @Nullable Double constant(Value v) {
    Value from = v;
    while (from.op() instanceof Op.Broadcast b) {
      from = b.x();
    }
    return from.op() instanceof Op.Constant c ? c.value() : null;
  }
}
