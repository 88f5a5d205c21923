package modelc.passes.lower;

import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.load;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.size;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Space;
import modelc.passes.Gpu;
import modelc.passes.Target;

/**
 * Loops that reduce: over axes, over large windows, and (as plain sums of products) over
 * contractions that have no kernel of their own. Several reductions over one iteration space share
 * its loops.
 *
 * <p>Long reductions are cut into a fixed number of pieces, which a second kernel puts together:
 * results depend on the sizes alone, not on threads, and rounding errors stay small. It does not
 * decide what is reduced together.
 */
final class Reductions {
  /** Reductions of fewer elements in all stay in one piece. */
  static final long CUT_ABOVE = 8192;

  /** Elements of a piece, at least. */
  static final long PIECE = 2048;

  static final long MAX_PIECES = 64;

  /**
   * With more results than this there is work for all threads without cutting, and pieces would
   * cost memory.
   */
  static final long MAX_CUT_RESULTS = 4096;

  /** Columns a thread takes, at least. */
  static final long MIN_COLUMNS = 64;

  /** One reduction: the expression of an element for the indices of all axes. */
  record Job(ReduceFn fn, DType dtype, Element element) {}

  /** Writes an element. */
  @FunctionalInterface
  interface Element {
    Expr at(Scope scope, List<Index> axes);
  }

  /** Writes what becomes of the reduced values. */
  @FunctionalInterface
  interface Finish {
    void write(Scope scope, List<Index> axes, List<Expr> values);
  }

  private final Task task;
  private final List<Runs.Axis> axes;
  private final List<Integer> order;
  private final List<Job> jobs;
  private final Finish finish;

  private Reductions(
      Task task, List<Runs.Axis> axes, List<Integer> order, List<Job> jobs, Finish finish) {
    this.task = task;
    this.axes = axes;
    this.order = order;
    this.jobs = jobs;
    this.finish = finish;
  }

  /**
   * Adds the kernels to {@code task}.
   *
   * @param order of the axes in the memory mostly read, outermost first
   */
  static void lower(
      Task task, List<Runs.Axis> axes, List<Integer> order, List<Job> jobs, Finish finish) {
    new Reductions(task, axes, order, jobs, finish).lower();
  }

  private void lower() {
    boolean empty = axes.stream().anyMatch(a -> !a.kept() && isZero(a.extent()));
    if (axes.stream().anyMatch(a -> a.kept() && isZero(a.extent()))) {
      return;
    }
    if (empty) {
      overNothing();
      return;
    }
    List<List<Integer>> runs = Runs.find(axes, order, this::trial).of();
    Optional<List<Integer>> cut = runToCut(runs);
    if (cut.isPresent()) {
      inPieces(runs, cut.get());
    } else {
      write(runs, Optional.empty(), 0, finish);
    }
  }

  private static boolean isZero(Dim d) {
    return d.factor() == 0;
  }

  private void trial(Scope scope, List<Index> indices) {
    var values = new ArrayList<Expr>();
    for (Job j : jobs) {
      values.add(j.element().at(scope, indices));
    }
    var kept = new ArrayList<Index>();
    for (int i = 0; i < axes.size(); i++) {
      kept.add(axes.get(i).kept() ? indices.get(i) : Index.ZERO);
    }
    finish.write(scope, kept, values);
  }

  private void overNothing() {
    var b = new LoopBuilder();
    List<List<Integer>> kept = new ArrayList<>();
    for (int a : order) {
      if (axes.get(a).kept() && !axes.get(a).extent().isOne()) {
        kept.add(List.of(a));
      }
    }
    Elementwise.write(
        b,
        axes,
        kept,
        task.hardware(),
        (scope, index) ->
            finish.write(
                scope,
                index,
                jobs.stream().map(j -> Windows.identity(j.fn(), j.dtype())).toList()));
    task.add(b);
  }

  private Dim extent(List<List<Integer>> runs, boolean kept) {
    return Runs.extent(runs.stream().filter(r -> isKept(r) == kept).toList(), axes);
  }

  private boolean isKept(List<Integer> run) {
    return axes.get(run.getFirst()).kept();
  }

  private Optional<List<Integer>> runToCut(List<List<Integer>> runs) {
    long results = extent(runs, true).max();
    long all = Math.multiplyExact(results, extent(runs, false).max());
    if (all <= CUT_ABOVE || results > MAX_CUT_RESULTS) {
      return Optional.empty();
    }
    // The longest reduced run; of equal ones the outermost.
    List<Integer> longest = null;
    for (List<Integer> run : runs) {
      boolean longer = longest == null || length(run) > length(longest);
      if (!isKept(run) && longer) {
        longest = run;
      }
    }
    return Optional.ofNullable(longest).filter(r -> pieces(runs, r) > 1);
  }

  private long length(List<Integer> run) {
    return Runs.extent(List.of(run), axes).max();
  }

  private long pieces(List<List<Integer>> runs, List<Integer> run) {
    return switch (task.hardware()) {
      case Gpu gpu -> GpuReductions.pieces(axes, runs, run, gpu, MAX_PIECES);
      case Target _ ->
          Math.min(Math.min(MAX_PIECES, length(run) / 2), Runs.extent(runs, axes).max() / PIECE);
    };
  }

  /**
   * A kernel for the pieces, each with a result of its own in scratch memory, and one that reduces
   * those.
   */
  private void inPieces(List<List<Integer>> runs, List<Integer> cut) {
    long pieces = pieces(runs, cut);
    List<Integer> kept = order.stream().filter(a -> axes.get(a).kept()).toList();
    Dim results = extent(runs, true);
    var partial = new ArrayList<Buffer>();
    for (Job j : jobs) {
      partial.add(task.scratch(j.dtype(), results.times(pieces)));
    }
    Index[] piece = new Index[1];
    Function<List<Index>, Index> place =
        indices -> {
          Index linear = piece[0];
          for (int a : kept) {
            linear = linear.times(axes.get(a).extent()).plus(indices.get(a));
          }
          return linear;
        };
    write(
        runs,
        Optional.of(new Cut(cut, pieces, p -> piece[0] = p)),
        pieces,
        (scope, indices, values) -> {
          Expr at = scope.emit(place.apply(indices));
          for (int i = 0; i < jobs.size(); i++) {
            scope.here().store(partial.get(i), at, values.get(i));
          }
        });
    var outer = new ArrayList<Runs.Axis>();
    for (Runs.Axis a : axes) {
      outer.add(a.kept() ? a : new Runs.Axis(Dim.ONE, true));
    }
    outer.add(new Runs.Axis(Dim.of(pieces), false));
    var outerOrder = new ArrayList<Integer>();
    outerOrder.add(axes.size());
    outerOrder.addAll(order);
    var second = new ArrayList<Job>();
    for (int i = 0; i < jobs.size(); i++) {
      Buffer from = partial.get(i);
      second.add(
          new Job(
              jobs.get(i).fn(),
              jobs.get(i).dtype(),
              (scope, indices) -> {
                piece[0] = indices.getLast();
                return scope.let("p", load(from, scope.emit(place.apply(indices))));
              }));
    }
    Finish last =
        (scope, indices, values) -> finish.write(scope, indices.subList(0, axes.size()), values);
    var whole = new Reductions(task, outer, outerOrder, second, last);
    whole.write(Runs.find(outer, outerOrder, whole::trial).of(), Optional.empty(), 0, last);
  }

  /**
   * Run {@code run} in {@code pieces} pieces; {@code piece} is told the index of the current one.
   */
  record Cut(List<Integer> run, long pieces, Consumer<Index> piece) {}

  private void write(List<List<Integer>> runs, Optional<Cut> cut, long pieces, Finish end) {
    var b = new LoopBuilder();
    if (task.hardware() instanceof Gpu) {
      GpuReductions.write(b, axes, runs, jobs, cut, end);
      task.add(b);
      return;
    }
    var scope = new Scope(b);
    var nest = new Nest(scope, axes);
    Expr[] bounds = new Expr[2];
    cut.ifPresent(
        c ->
            nest.loop(
                LoopKind.PARALLEL,
                "t",
                () -> index(0),
                () -> index(pieces),
                t -> {
                  c.piece().accept(Index.axis(t, Dim.of(pieces)));
                  Expr n = size(Runs.extent(List.of(c.run()), axes));
                  bounds[0] = scope.let("b", share(n, t, pieces));
                  bounds[1] = scope.let("e", share(n, LoopBuilder.add(t, index(1)), pieces));
                }));
    List<List<Integer>> kept = runs.stream().filter(this::isKept).toList();
    boolean columns = !runs.isEmpty() && isKept(runs.getLast());
    List<List<Integer>> outer = columns ? kept.subList(0, kept.size() - 1) : kept;
    if (cut.isPresent()) {
      outer.forEach(run -> nest.over(LoopKind.SERIAL, List.of(run)));
    } else if (columns) {
      long work = extent(runs, false).max();
      nest.elementwise(kept, Math.max(MIN_COLUMNS, Nest.CHUNK / work / MIN_COLUMNS * MIN_COLUMNS));
    } else {
      nest.outer(outer);
    }
    if (columns && cut.isPresent()) {
      nest.over(LoopKind.VECTOR, List.of(kept.getLast()));
    }
    nest.write(() -> body(scope, nest, runs, cut, bounds, columns, end));
    task.add(b);
  }

  private static Expr share(Expr n, Expr t, long pieces) {
    return new Expr.Binary(BinaryFn.DIVIDE, mul(n, t), index(pieces));
  }

  /** Accumulators, the loops over what is reduced, and the end. */
  private void body(
      Scope scope,
      Nest kept,
      List<List<Integer>> runs,
      Optional<Cut> cut,
      Expr[] bounds,
      boolean columns,
      Finish end) {
    var accumulators = new ArrayList<Buffer>();
    for (Job j : jobs) {
      Buffer acc = scope.here().alloc("acc", j.dtype(), 1, 1, Space.REGISTER);
      scope.here().store(acc, index(0), Windows.identity(j.fn(), j.dtype()));
      accumulators.add(acc);
    }
    List<List<Integer>> reduced = runs.stream().filter(r -> !isKept(r)).toList();
    Nest inner = kept.inside(scope);
    for (int i = 0; i < reduced.size(); i++) {
      List<Integer> run = reduced.get(i);
      boolean vector = !columns && i == reduced.size() - 1;
      LoopKind kind = vector ? LoopKind.VECTOR : LoopKind.SERIAL;
      if (cut.isPresent() && cut.get().run().equals(run)) {
        Dim extent = Runs.extent(List.of(run), axes);
        inner.loop(
            kind,
            "r",
            () -> bounds[0],
            () -> bounds[1],
            v -> inner.assign(List.of(run), Index.axis(v, extent)));
      } else {
        inner.over(kind, List.of(run));
      }
    }
    inner.write(
        () -> {
          for (int i = 0; i < jobs.size(); i++) {
            Buffer acc = accumulators.get(i);
            Expr x = jobs.get(i).element().at(scope, inner.indices());
            Expr sum = Pull.binary(Windows.binary(jobs.get(i).fn()), load(acc, index(0)), x);
            scope.here().store(acc, index(0), sum);
          }
        });
    var values = new ArrayList<Expr>();
    for (Buffer acc : accumulators) {
      values.add(scope.letHere("sum", load(acc, index(0))));
    }
    end.write(scope, kept.indices(), values);
  }
}
