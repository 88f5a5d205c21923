package modelc.passes.lower;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.Symbol;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.passes.layout.Reshapes;

/**
 * An index or address while a kernel is lowered: a sum of atoms (loop variables, quotients,
 * remainders) with factors that are integers times run-time symbols. Keeping it linear lets
 * reshapes, transposes and collapsed loops cancel instead of becoming divisions.
 *
 * <p>Equality is that of the form. It writes no statements; {@link Scope} turns it into
 * expressions.
 */
record Index(Map<Index.Term, Long> terms) {

  /** What a factor multiplies. */
  sealed interface Atom {}

  /** The number one. */
  record One() implements Atom {}

  /** A scalar I64 variable or expression with values in {@code [0, extent)}. */
  record Axis(Expr expr, Dim extent) implements Atom {}

  /** The lane of a vector, in {@code [0, lanes)}. */
  record Lane(int lanes) implements Atom {}

  /**
   * Truncated quotient; meant for non-negative forms, others occur only where a guard discards
   * them.
   */
  record Quotient(Index of, Dim by) implements Atom {}

  /** Remainder of the truncated quotient. */
  record Remainder(Index of, Dim by) implements Atom {}

  /** One product of symbols and an atom; its integer factor is the value in {@link #terms}. */
  record Term(List<Symbol> symbols, Atom atom) {
    Term {
      symbols = symbols.stream().sorted().toList();
    }
  }

  private static final One ONE = new One();
  static final Index ZERO = new Index(Map.of());

  static Index constant(long value) {
    return value == 0 ? ZERO : new Index(Map.of(new Term(List.of(), ONE), value));
  }

  static Index of(Dim dim) {
    return constant(1).times(dim);
  }

  static Index of(Atom atom) {
    return new Index(Map.of(new Term(List.of(), atom), 1L));
  }

  /** A loop variable of {@code extent} values; 0 when there is only one. */
  static Index axis(Expr expr, Dim extent) {
    if (expr instanceof Expr.Const c) {
      return constant((long) c.value());
    }
    return extent.isOne() ? ZERO : of(new Axis(expr, extent));
  }

  Index plus(Index other) {
    if (terms.isEmpty()) {
      return other;
    }
    var sum = new LinkedHashMap<>(terms);
    other.terms.forEach((t, f) -> sum.merge(t, f, Math::addExact));
    sum.values().removeIf(f -> f == 0);
    return new Index(sum).recombined();
  }

  Index plus(long value) {
    return plus(constant(value));
  }

  Index minus(Index other) {
    return plus(other.times(-1));
  }

  Index times(long factor) {
    if (factor == 0) {
      return ZERO;
    }
    var product = new LinkedHashMap<Term, Long>();
    terms.forEach((t, f) -> product.put(t, Math.multiplyExact(f, factor)));
    return new Index(product);
  }

  Index times(Dim factor) {
    if (factor.factor() == 0) {
      return ZERO;
    }
    var product = new LinkedHashMap<Term, Long>();
    terms.forEach(
        (t, f) ->
            product.put(
                new Term(join(t.symbols(), factor.symbols()), t.atom()),
                Math.multiplyExact(f, factor.factor())));
    return new Index(product);
  }

  /** The product with a form of symbols alone. */
  Index times(Index factor) {
    Index sum = ZERO;
    for (var e : factor.terms.entrySet()) {
      sum = sum.plus(times(e.getValue()).times(new Dim(1, e.getKey().symbols())));
    }
    return sum;
  }

  /**
   * {@code a*(f/d) + b*(f%d)} with {@code a == b*d} is {@code b*f}: a reshape undone, or a
   * collapsed loop.
   */
  private Index recombined() {
    for (var e : terms.entrySet()) {
      if (e.getKey().atom() instanceof Remainder r) {
        var high =
            new Term(join(e.getKey().symbols(), r.by().symbols()), new Quotient(r.of(), r.by()));
        long b = e.getValue();
        Long a = terms.get(high);
        if (a != null && a == b * r.by().factor()) {
          var rest = new LinkedHashMap<>(terms);
          rest.remove(e.getKey());
          rest.remove(high);
          return new Index(rest).plus(r.of().times(b).times(new Dim(1, e.getKey().symbols())));
        }
      }
    }
    return this;
  }

  /** {@code this / by} for non-negative values. */
  Index quotient(Dim by) {
    if (by.isOne() || terms.isEmpty()) {
      return this;
    }
    var whole = split(by);
    return whole.map(w -> w.high).orElseGet(() -> of(new Quotient(this, by)));
  }

  /** {@code this % by} for non-negative values. */
  Index remainder(Dim by) {
    if (by.isOne() || terms.isEmpty()) {
      return ZERO;
    }
    var whole = split(by);
    return whole.map(w -> w.low).orElseGet(() -> of(new Remainder(this, by)));
  }

  private record Split(Index high, Index low) {}

  /** {@code this = by * high + low} with low in [0, by), when that can be seen. */
  private Optional<Split> split(Dim by) {
    var high = new LinkedHashMap<Term, Long>();
    var low = new LinkedHashMap<Term, Long>();
    terms.forEach(
        (t, f) -> {
          Optional<Dim> q = new Dim(Math.abs(f), t.symbols()).dividedBy(by);
          if (q.isPresent()) {
            high.merge(
                new Term(q.get().symbols(), t.atom()),
                Long.signum(f) * q.get().factor(),
                Math::addExact);
          } else {
            low.put(t, f);
          }
        });
    var rest = new Index(low);
    return rest.isWithin(by) ? Optional.of(new Split(new Index(high), rest)) : Optional.empty();
  }

  /** True when the value is surely in {@code [0, limit)}. */
  boolean isWithin(Dim limit) {
    if (terms.isEmpty()) {
      return true;
    }
    if (terms.size() == 1) {
      var only = terms.entrySet().iterator().next();
      if (only.getValue() == 1 && only.getKey().symbols().isEmpty()) {
        switch (only.getKey().atom()) {
          case Axis a when a.extent().equals(limit) -> {
            return true;
          }
          case Remainder r when r.by().equals(limit) -> {
            return true;
          }
          default -> {}
        }
      }
    }
    OptionalLong min = min();
    OptionalLong max = max();
    return limit.isConstant()
        && min.isPresent()
        && max.isPresent()
        && min.getAsLong() >= 0
        && max.getAsLong() < limit.constant();
  }

  /** The least value it can take, or empty when symbols hide it. */
  OptionalLong min() {
    return bound(false);
  }

  /**
   * The greatest value it can take (symbols of loop extents at their maxima), or empty when symbols
   * hide it.
   */
  OptionalLong max() {
    return bound(true);
  }

  private OptionalLong bound(boolean upper) {
    long sum = 0;
    for (var e : terms.entrySet()) {
      if (!e.getKey().symbols().isEmpty()) {
        return OptionalLong.empty();
      }
      long f = e.getValue();
      OptionalLong most = bound(e.getKey().atom(), f > 0 == upper);
      if (most.isEmpty()) {
        return most;
      }
      sum = Math.addExact(sum, Math.multiplyExact(f, most.getAsLong()));
    }
    return OptionalLong.of(sum);
  }

  private static OptionalLong bound(Atom atom, boolean upper) {
    return switch (atom) {
      case One _ -> OptionalLong.of(1);
      case Axis a -> OptionalLong.of(upper ? Math.max(0, a.extent().max() - 1) : 0);
      case Lane l -> OptionalLong.of(upper ? l.lanes() - 1 : 0);
      case Quotient q -> {
        OptionalLong of = q.of().bound(upper);
        // A symbol is at least 1, so the quotient by its factor alone is no nearer to 0.
        yield of.isPresent() ? OptionalLong.of(of.getAsLong() / Math.max(1, q.by().factor())) : of;
      }
      case Remainder r -> {
        OptionalLong least = r.of().min();
        boolean negative = least.isEmpty() || least.getAsLong() < 0;
        long most = Math.max(0, r.by().max() - 1);
        yield OptionalLong.of(upper ? most : negative ? -most : 0);
      }
    };
  }

  boolean isConstant() {
    return terms.isEmpty() || terms.size() == 1 && terms.containsKey(new Term(List.of(), ONE));
  }

  /** Of a constant form. */
  long value() {
    return terms.isEmpty() ? 0 : terms.values().iterator().next();
  }

  /**
   * What {@code atom} itself is multiplied by; its occurrences inside quotients and remainders do
   * not count.
   */
  Index factor(Atom atom) {
    var factor = new LinkedHashMap<Term, Long>();
    terms.forEach(
        (t, f) -> {
          if (t.atom().equals(atom)) {
            factor.put(new Term(t.symbols(), ONE), f);
          }
        });
    return new Index(factor);
  }

  private static List<Symbol> join(List<Symbol> a, List<Symbol> b) {
    if (b.isEmpty()) {
      return a;
    }
    var all = new ArrayList<>(a);
    all.addAll(b);
    all.sort(null);
    return all;
  }

  /** A factor of one term as an expression. */
  static Expr factor(Term t, long f) {
    Expr e = LoopBuilder.index(f);
    for (Symbol s : t.symbols()) {
      e = LoopBuilder.mul(e, new Expr.Size(s));
    }
    return e;
  }

  /**
   * The index into {@code from} of the element that reshaping puts at {@code index} of {@code to}.
   */
  static List<Index> reshaped(Shape from, Shape to, List<Index> index) {
    var result = new Index[from.rank()];
    for (Reshapes.Segment s : Reshapes.segments(from, to)) {
      Index linear = ZERO;
      for (int j = s.toStart(); j < s.toEnd(); j++) {
        linear = linear.times(to.dim(j)).plus(index.get(j));
      }
      // Axes of size 1 take no part: what goes there and back is then the same index again.
      int outermost = s.fromStart();
      while (outermost < s.fromEnd() && from.dim(outermost).isOne()) {
        outermost++;
      }
      for (int i = s.fromEnd() - 1; i >= s.fromStart(); i--) {
        if (from.dim(i).isOne()) {
          result[i] = ZERO;
        } else if (i == outermost) {
          result[i] = linear;
        } else {
          result[i] = linear.remainder(from.dim(i));
          linear = linear.quotient(from.dim(i));
        }
      }
    }
    return Arrays.asList(result);
  }
}
