package modelc.ir.loop;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import modelc.ir.Symbol;
import org.jspecify.annotations.Nullable;

/**
 * Where the frames of one kernel keep what: made while it is compiled. It knows names, not values.
 */
final class Slots {
  private final Kernel kernel;
  private final ToLongFunction<Symbol> symbols;
  private int longs;
  private int doubles;
  private final List<Integer> longVectors = new ArrayList<>();
  private final List<Integer> doubleVectors = new ArrayList<>();
  private final Map<Var, Integer> vars = new HashMap<>();
  private final Map<Buffer, Integer> buffers = new HashMap<>();
  private final List<Var> loops = new ArrayList<>();

  Slots(Kernel kernel, ToLongFunction<Symbol> symbols) {
    this.kernel = kernel;
    this.symbols = symbols;
    kernel.parameters().forEach(this::bind);
  }

  long valueOf(Symbol s) {
    return symbols.applyAsLong(s);
  }

  int bind(Var v) {
    int slot;
    if (v.dtype().isFloat()) {
      slot = v.lanes() == 1 ? doubles++ : doubleVector(v.lanes());
    } else {
      slot = v.lanes() == 1 ? longs++ : longVector(v.lanes());
    }
    vars.put(v, slot);
    return slot;
  }

  int bind(Buffer b) {
    int slot = buffers.size();
    buffers.put(b, slot);
    return slot;
  }

  int slot(Var v) {
    return known(vars.get(v), v.name());
  }

  int slot(Buffer b) {
    return known(buffers.get(b), b.name());
  }

  private static int known(@Nullable Integer slot, String name) {
    if (slot == null) {
      throw new IllegalStateException(name + " is not bound");
    }
    return slot;
  }

  /** Room for a vector of integers or BOOL. */
  int longVector(int lanes) {
    longVectors.add(lanes);
    return longVectors.size() - 1;
  }

  int doubleVector(int lanes) {
    doubleVectors.add(lanes);
    return doubleVectors.size() - 1;
  }

  void enter(Var loop) {
    loops.add(loop);
  }

  void leave() {
    loops.removeLast();
  }

  Site site(Stmt s) {
    return new Site(kernel.name(), s, loops, loops.stream().mapToInt(this::slot).toArray());
  }

  Frame frame(List<View> parameters, Races races) {
    var views = new View[buffers.size()];
    // The verifier makes sure that a local buffer is allocated before it is used.
    Arrays.fill(views, View.NOTHING);
    for (int i = 0; i < parameters.size(); i++) {
      views[i] = parameters.get(i);
    }
    return new Frame(
        new long[longs],
        new double[doubles],
        longVectors.stream().map(n -> new long[n]).toArray(long[][]::new),
        doubleVectors.stream().map(n -> new double[n]).toArray(double[][]::new),
        views,
        races);
  }
}
