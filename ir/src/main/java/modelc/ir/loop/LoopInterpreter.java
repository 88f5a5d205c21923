package modelc.ir.loop;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Symbol;

/**
 * The meaning of Loop IR: runs kernels and entries on one thread, slowly, and refuses what has no
 * meaning. Numbers are rounded as the machine rounds them; transcendental functions are those of
 * the JDK, rounded once.
 *
 * <p>Checked, besides the rules of {@link LoopVerifier}: every index is within its buffer at the
 * sizes of this run; nothing is read that was not written, as that type, since its buffer came to
 * be; iterations of PARALLEL loops do not depend on each other, nor launches that no barrier
 * separates; GPU threads race neither within a block, between barriers, nor between blocks, and
 * reach barriers and shuffles together. A broken check is a {@link LoopCheckException}.
 *
 * <p>A piece of the arena starts undefined for a buffer when what was written there last was of
 * another type, or was written through a buffer that began elsewhere.
 */
public final class LoopInterpreter {
  private static final EnumSet<LoopKind> GPU =
      EnumSet.of(
          LoopKind.GRID_X, LoopKind.GRID_Y, LoopKind.GRID_Z, LoopKind.THREAD_X, LoopKind.THREAD_Y);

  private final ToLongFunction<Symbol> symbols;
  private final Races races = new Races();
  private final IdentityHashMap<Kernel, StmtCompiler.Compiled> compiled = new IdentityHashMap<>();

  private LoopInterpreter(List<Symbol> declared, Map<Symbol, Long> values) {
    for (Symbol s : declared) {
      Long value = values.get(s);
      if (value == null || value < 0 || value > s.max()) {
        throw new IllegalArgumentException(
            "symbol " + s + " is " + value + ", not in 0 to " + s.max());
      }
    }
    symbols =
        s -> {
          Long value = values.get(s);
          if (value == null) {
            throw new IllegalArgumentException("symbol " + s + " has no value");
          }
          return value;
        };
  }

  /**
   * Runs one kernel as all threads would, its parameters bound to {@code arguments}.
   *
   * @throws InvalidLoopException if it breaks a rule of {@link LoopVerifier}
   * @throws LoopCheckException if running it breaks one
   */
  public static void run(Kernel kernel, List<Memory> arguments, Map<Symbol, Long> symbols) {
    LoopVerifier.verify(kernel);
    var interpreter = new LoopInterpreter(kernel.symbols(), symbols);
    requireCount(kernel.name(), kernel.parameters().size(), arguments.size());
    var views = new ArrayList<View>();
    for (int i = 0; i < arguments.size(); i++) {
      Buffer p = kernel.parameters().get(i);
      views.add(
          interpreter.view(
              p, interpreter.require(p.name(), p.dtype(), p.size(), arguments.get(i))));
    }
    interpreter.races.beginPhase();
    interpreter.launch(kernel, views, kernel.hasParallelLoop());
  }

  /**
   * Runs an entry; the results are in {@code arguments} afterwards.
   *
   * @throws InvalidLoopException if it breaks a rule of {@link LoopVerifier}
   * @throws LoopCheckException if running it breaks one
   */
  public static void run(LoopEntry entry, List<Memory> arguments, Map<Symbol, Long> symbols) {
    LoopVerifier.verify(entry);
    var interpreter = new LoopInterpreter(entry.symbols(), symbols);
    requireCount(entry.name(), entry.arguments().size(), arguments.size());
    for (int i = 0; i < arguments.size(); i++) {
      LoopEntry.ArgumentBuffer a = entry.arguments().get(i);
      interpreter.require(a.name(), a.dtype(), a.elements(), arguments.get(i));
    }
    interpreter.entry(entry, arguments);
  }

  private static void requireCount(String name, int expected, int given) {
    if (expected != given) {
      throw new IllegalArgumentException(name + " takes " + expected + " arguments, not " + given);
    }
  }

  private Memory require(String name, DType dtype, Dim size, Memory m) {
    if (m.dtype() != dtype || m.size() < size.evaluate(symbols)) {
      throw new IllegalArgumentException(
          name
              + " is "
              + dtype
              + "["
              + size.evaluate(symbols)
              + "], not "
              + m.dtype()
              + "["
              + m.size()
              + "]");
    }
    return m;
  }

  private View view(Buffer parameter, Memory m) {
    m.cells().trackRaces();
    long size = parameter.size().evaluate(symbols);
    return new View(parameter.name(), m.cells(), 0, size, parameter.dtype(), 0, View.Tracking.ALL);
  }

  private void entry(LoopEntry e, List<Memory> arguments) {
    var arena = new Cells(e.arenaBytes(), holdsBytes(e) ? 0 : 2);
    arena.trackRaces();
    var regions = new HashMap<Long, Integer>();
    races.beginPhase();
    for (LoopEntry.Launch l : e.launches()) {
      boolean gpu = LoopVerifier.hasLoop(l.kernel().body(), GPU);
      if (l.barrier() || gpu) {
        races.beginPhase();
      }
      var views = new ArrayList<View>();
      for (int i = 0; i < l.arguments().size(); i++) {
        Buffer p = l.kernel().parameters().get(i);
        views.add(
            switch (l.arguments().get(i)) {
              case LoopEntry.Ref.Argument a -> view(p, arguments.get(a.index()));
              case LoopEntry.Ref.Arena a -> {
                int region = regions.computeIfAbsent(a.byteOffset(), _ -> regions.size() + 1);
                long size = p.size().evaluate(symbols);
                yield new View(
                    p.name(), arena, a.byteOffset(), size, p.dtype(), region, View.Tracking.ALL);
              }
            });
      }
      launch(l.kernel(), views, l.split());
      if (gpu) {
        races.beginPhase();
      }
    }
  }

  /** Whether anything in the arena is smaller than four bytes. */
  private static boolean holdsBytes(LoopEntry e) {
    for (LoopEntry.Launch l : e.launches()) {
      for (int i = 0; i < l.arguments().size(); i++) {
        if (l.arguments().get(i) instanceof LoopEntry.Ref.Arena
            && l.kernel().parameters().get(i).dtype().bytes() < 4) {
          return true;
        }
      }
    }
    return false;
  }

  private void launch(Kernel kernel, List<View> views, boolean split) {
    StmtCompiler.Compiled code =
        compiled.computeIfAbsent(kernel, k -> StmtCompiler.compile(k, symbols));
    Frame f = code.slots().frame(views, races);
    if (LoopVerifier.hasLoop(kernel.body(), GPU)) {
      races.beginBlock();
    } else {
      f.me = races.beginLaunch(split, kernel.name());
    }
    code.body().run(f);
  }
}
