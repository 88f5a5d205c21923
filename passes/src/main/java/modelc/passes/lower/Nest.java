package modelc.passes.lower;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.div;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.min;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.size;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import modelc.ir.BinaryFn;
import modelc.ir.Dim;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopKind;

/**
 * The loops around a kernel's body, outermost first, each giving some axes their index.
 *
 * <p>It writes no statements of the body.
 */
final class Nest {
  /** A loop over contiguous elements is cut into pieces of this many for the threads. */
  static final long CHUNK = 512;

  /**
   * Loops are merged into the parallel one until it has this many iterations, whatever the run-time
   * sizes.
   */
  static final long ENOUGH_PARALLEL = 16;

  private record Loop(
      LoopKind kind,
      String name,
      Supplier<Expr> lower,
      Supplier<Expr> upper,
      long step,
      Consumer<Expr> bind) {}

  private final Scope scope;
  private final List<Runs.Axis> axes;
  private final Index[] assigned;
  private final List<Loop> loops = new ArrayList<>();

  Nest(Scope scope, List<Runs.Axis> axes) {
    this.scope = scope;
    this.axes = axes;
    assigned = new Index[axes.size()];
    Arrays.fill(assigned, Index.ZERO);
  }

  /** A nest for further axes, inside this one's body. */
  Nest inside(Scope scope) {
    var inner = new Nest(scope, axes);
    System.arraycopy(assigned, 0, inner.assigned, 0, assigned.length);
    return inner;
  }

  /** The index of each axis; those no open loop runs over are 0. */
  List<Index> indices() {
    return List.of(assigned);
  }

  /** One loop over all of {@code runs}. */
  Nest over(LoopKind kind, List<List<Integer>> runs) {
    if (runs.isEmpty()) {
      return this;
    }
    Dim extent = Runs.extent(runs, axes);
    return loop(
        kind, "i", () -> index(0), () -> size(extent), v -> assign(runs, Index.axis(v, extent)));
  }

  Nest loop(
      LoopKind kind, String name, Supplier<Expr> lower, Supplier<Expr> upper, Consumer<Expr> bind) {
    return loop(kind, name, lower, upper, 1, bind);
  }

  Nest loop(
      LoopKind kind,
      String name,
      Supplier<Expr> lower,
      Supplier<Expr> upper,
      long step,
      Consumer<Expr> bind) {
    loops.add(new Loop(kind, name, lower, upper, step, bind));
    return this;
  }

  void assign(List<List<Integer>> runs, Index linear) {
    Runs.recover(runs, axes, linear, a -> assigned[a.axis()] = a.index());
  }

  /** A parallel loop over as many of {@code runs} as it takes, and serial ones over the others. */
  Nest outer(List<List<Integer>> runs) {
    int parallel = parallelRuns(runs, axes);
    over(LoopKind.PARALLEL, runs.subList(0, parallel));
    for (List<Integer> run : runs.subList(parallel, runs.size())) {
      over(LoopKind.SERIAL, List.of(run));
    }
    return this;
  }

  private static int parallelRuns(List<List<Integer>> runs, List<Runs.Axis> axes) {
    int n = 0;
    while (n < runs.size() && Runs.extent(runs.subList(0, n), axes).factor() < ENOUGH_PARALLEL) {
      n++;
    }
    return n;
  }

  /**
   * Outer loops over all but the last of {@code runs}, and a vector loop over the last, cut for the
   * threads.
   */
  Nest elementwise(List<List<Integer>> runs) {
    return elementwise(runs, CHUNK);
  }

  /** As {@link #elementwise(List)}, in pieces of {@code chunk}. */
  Nest elementwise(List<List<Integer>> runs, long chunk) {
    if (runs.isEmpty()) {
      return this;
    }
    List<List<Integer>> outer = runs.subList(0, runs.size() - 1);
    List<List<Integer>> inner = List.of(runs.getLast());
    Dim extent = Runs.extent(inner, axes);
    boolean cut = extent.max() > chunk && Runs.extent(outer, axes).factor() < ENOUGH_PARALLEL;
    if (!cut) {
      return outer(outer).over(LoopKind.VECTOR, inner);
    }
    Dim others = Runs.extent(outer, axes);
    Expr chunks = div(add(size(extent), index(chunk - 1)), chunk);
    Expr[] first = new Expr[1];
    loop(
        LoopKind.PARALLEL,
        "t",
        () -> index(0),
        () -> mul(size(others), chunks),
        t -> {
          Expr count = scope.let("n", chunks);
          boolean alone = outer.isEmpty();
          Expr other =
              alone ? index(0) : scope.let("o", new Expr.Binary(BinaryFn.DIVIDE, t, count));
          Expr piece = alone ? t : scope.let("t", new Expr.Binary(BinaryFn.REMAINDER, t, count));
          assign(outer, Index.axis(other, others));
          first[0] = scope.let("b", mul(piece, index(chunk)));
        });
    return loop(
        LoopKind.VECTOR,
        "i",
        () -> first[0],
        () -> scope.let("e", min(size(extent), add(first[0], index(chunk)))),
        v -> assign(inner, Index.axis(v, extent)));
  }

  /** Writes the loops, and {@code body} inside. */
  void write(Runnable body) {
    open(0, body);
  }

  private void open(int depth, Runnable body) {
    if (depth == loops.size()) {
      body.run();
      return;
    }
    Loop l = loops.get(depth);
    scope
        .here()
        .loop(
            l.kind(),
            l.name(),
            l.lower().get(),
            l.upper().get(),
            l.step(),
            (b, v) -> {
              scope.enter(b, v);
              l.bind().accept(v);
              open(depth + 1, body);
              scope.leave();
            });
  }
}
