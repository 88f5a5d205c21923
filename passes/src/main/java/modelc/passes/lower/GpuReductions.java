package modelc.passes.lower;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.div;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.load;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.rem;
import static modelc.ir.loop.LoopBuilder.size;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.Dim;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;
import modelc.passes.Gpu;
import modelc.passes.gpu.GpuThreads;

/**
 * The kernel of a reduction on a GPU. Neighbouring threads read neighbouring elements: where these
 * belong to one result a warp or a block adds up by shuffles, where they belong to neighbouring
 * results each thread has one, and several threads share the elements of a result through shared
 * memory.
 *
 * <p>The order of additions is fixed by the sizes. It does not decide what is reduced together nor,
 * except for how many, into which pieces.
 */
final class GpuReductions {
  /** Reductions of fewer elements are one thread's. */
  static final long SHORT = 16;

  /** Longer rows are a whole block's. */
  static final long LONG = 1024;

  /** Rows of a block, each a warp's. */
  static final long WARPS = 4;

  /** Threads that share a column. */
  private static final long SLICES = 8;

  /** Elements a thread takes of a piece, at least. */
  private static final long ELEMENTS = 16;

  /** How many threads work on one result, and how they find each other. */
  private enum Team {
    THREAD(1),
    WARP(GpuThreads.WARP),
    BLOCK(GpuThreads.BLOCK),
    COLUMN(SLICES);

    final long threads;

    Team(long threads) {
      this.threads = threads;
    }
  }

  private final List<Runs.Axis> axes;
  private final List<Reductions.Job> jobs;
  private final List<List<Integer>> kept = new ArrayList<>();
  private final List<List<Integer>> reduced = new ArrayList<>();
  private final Optional<Reductions.Cut> cut;
  private final Reductions.Finish finish;
  private final Team team;

  /**
   * The index of the result a thread works on, over all of {@code kept}, and how many there are.
   */
  private final Dim results;

  private GpuReductions(
      List<Runs.Axis> axes,
      List<List<Integer>> runs,
      List<Reductions.Job> jobs,
      Optional<Reductions.Cut> cut,
      Reductions.Finish finish) {
    this.axes = axes;
    this.jobs = jobs;
    this.cut = cut;
    this.finish = finish;
    runs.forEach(r -> (axes.get(r.getFirst()).kept() ? kept : reduced).add(r));
    results = Runs.extent(kept, axes);
    team = team(axes, runs);
  }

  private static Team team(List<Runs.Axis> axes, List<List<Integer>> runs) {
    List<List<Integer>> reduced =
        runs.stream().filter(r -> !axes.get(r.getFirst()).kept()).toList();
    if (Runs.extent(reduced, axes).max() < SHORT) {
      return Team.THREAD;
    }
    if (axes.get(runs.getLast().getFirst()).kept()) {
      return Team.COLUMN;
    }
    long row = Runs.extent(List.of(runs.getLast()), axes).max();
    return row < SHORT ? Team.THREAD : row <= LONG ? Team.WARP : Team.BLOCK;
  }

  /**
   * In how many pieces to reduce {@code run}, so that the device has work: 1 where it has enough.
   */
  static long pieces(
      List<Runs.Axis> axes, List<List<Integer>> runs, List<Integer> run, Gpu gpu, long most) {
    Team team = team(axes, runs);
    Dim results =
        Runs.extent(runs.stream().filter(r -> axes.get(r.getFirst()).kept()).toList(), axes);
    long wanted = gpu.residentThreads() / Math.multiplyExact(results.max(), team.threads);
    long possible = Runs.extent(List.of(run), axes).max() / (team.threads * ELEMENTS);
    return Math.max(1, Math.min(most, Math.min(wanted, possible)));
  }

  /** Writes the kernel's loops. */
  static void write(
      LoopBuilder b,
      List<Runs.Axis> axes,
      List<List<Integer>> runs,
      List<Reductions.Job> jobs,
      Optional<Reductions.Cut> cut,
      Reductions.Finish finish) {
    new GpuReductions(axes, runs, jobs, cut, finish).write(b);
  }

  private void write(LoopBuilder b) {
    if (cut.isEmpty()) {
      results(b);
    } else {
      b.loop(
          LoopKind.GRID_Y,
          "p",
          index(cut.get().pieces()),
          (grid, p) -> {
            cut.get().piece().accept(Index.axis(p, Dim.of(cut.get().pieces())));
            piece = p;
            results(grid);
          });
    }
  }

  /** The number of the piece, where there are several. */
  private Expr piece = index(0);

  private void results(LoopBuilder b) {
    switch (team) {
      case THREAD ->
          GpuThreads.each(
              b,
              results,
              (then, i) -> finish(then, i, loaded(then, accumulate(then, i, index(0)))));
      case WARP -> warps(b);
      case BLOCK -> blocks(b);
      case COLUMN -> columns(b);
    }
  }

  private void warps(LoopBuilder b) {
    warps(
        b,
        results,
        (then, i, t) -> {
          var sums = shuffled(then, loaded(then, accumulate(then, i, t)));
          first(then, t, leader -> finish(leader, i, sums));
        });
  }

  /** What thread {@code t} of those that share row {@code i} does. */
  @FunctionalInterface
  interface OfRow {
    void write(LoopBuilder b, Expr i, Expr t);
  }

  /** A warp for each row. */
  static void warps(LoopBuilder b, Dim rows, OfRow body) {
    b.loop(
        LoopKind.GRID_X,
        "b",
        GpuThreads.blocks(rows, WARPS),
        (grid, block) ->
            grid.loop(
                LoopKind.THREAD_Y,
                "w",
                index(WARPS),
                (warps, w) ->
                    warps.loop(
                        LoopKind.THREAD_X,
                        "t",
                        index(GpuThreads.WARP),
                        (thread, t) -> {
                          Expr i = thread.let("i", add(mul(block, index(WARPS)), w));
                          GpuThreads.when(thread, i, rows, WARPS, then -> body.write(then, i, t));
                        })));
  }

  private void blocks(LoopBuilder b) {
    long warps = GpuThreads.BLOCK / GpuThreads.WARP;
    b.loop(
        LoopKind.GRID_X,
        "b",
        size(results),
        (grid, i) -> {
          List<Buffer> parts = shared(grid, warps);
          grid.loop(
              LoopKind.THREAD_X,
              "t",
              index(GpuThreads.BLOCK),
              (thread, t) -> {
                var sums = shuffled(thread, loaded(thread, accumulate(thread, i, t)));
                Expr lane = thread.let("l", rem(t, GpuThreads.WARP));
                Expr warp = thread.let("w", div(t, GpuThreads.WARP));
                first(thread, lane, leader -> storeAll(leader, parts, warp, sums));
                thread.emit(new Stmt.Barrier());
                first(
                    thread,
                    t,
                    leader -> finish(leader, i, together(leader, parts, index(0), 1, warps)));
              });
        });
  }

  private void columns(LoopBuilder b) {
    b.loop(
        LoopKind.GRID_X,
        "b",
        GpuThreads.blocks(results, GpuThreads.WARP),
        (grid, block) -> {
          List<Buffer> parts = shared(grid, SLICES * GpuThreads.WARP);
          grid.loop(
              LoopKind.THREAD_Y,
              "s",
              index(SLICES),
              (slices, s) ->
                  slices.loop(
                      LoopKind.THREAD_X,
                      "t",
                      index(GpuThreads.WARP),
                      (thread, t) -> {
                        Expr i = thread.let("i", add(mul(block, index(GpuThreads.WARP)), t));
                        GpuThreads.when(
                            thread,
                            i,
                            results,
                            GpuThreads.WARP,
                            then -> {
                              List<Expr> sums = loaded(then, accumulate(then, i, s));
                              Expr at = add(mul(s, index(GpuThreads.WARP)), t);
                              storeAll(then, parts, then.let("p", at), sums);
                            });
                        thread.emit(new Stmt.Barrier());
                        first(
                            thread,
                            s,
                            leader ->
                                GpuThreads.when(
                                    leader,
                                    i,
                                    results,
                                    GpuThreads.WARP,
                                    then ->
                                        finish(
                                            then,
                                            i,
                                            together(then, parts, t, GpuThreads.WARP, SLICES))));
                      }));
        });
  }

  static void first(LoopBuilder b, Expr i, Consumer<LoopBuilder> body) {
    b.when(new Expr.Compare(CompareFn.EQ, i, index(0)), body);
  }

  private List<Buffer> shared(LoopBuilder b, long elements) {
    return jobs.stream().map(j -> b.alloc("part", j.dtype(), 1, elements, Space.SHARED)).toList();
  }

  private static void storeAll(LoopBuilder b, List<Buffer> to, Expr at, List<Expr> values) {
    for (int i = 0; i < to.size(); i++) {
      b.store(to.get(i), at, values.get(i));
    }
  }

  private BinaryFn fn(int job) {
    return Windows.binary(jobs.get(job).fn());
  }

  private List<Expr> together(
      LoopBuilder b, List<Buffer> parts, Expr from, long stride, long count) {
    var sums = new ArrayList<Expr>();
    for (int j = 0; j < parts.size(); j++) {
      sums.add(together(b, fn(j), parts.get(j), from, stride, count));
    }
    return sums;
  }

  /** {@code count} parts, {@code stride} apart, one after the other. */
  static Expr together(
      LoopBuilder b, BinaryFn fn, Buffer parts, Expr from, long stride, long count) {
    Expr sum = b.let("sum", load(parts, from));
    for (long k = 1; k < count; k++) {
      Expr part = load(parts, add(from, index(k * stride)));
      sum = b.let("sum", new Expr.Binary(fn, sum, part));
    }
    return sum;
  }

  private List<Expr> shuffled(LoopBuilder b, List<Expr> values) {
    var sums = new ArrayList<Expr>();
    for (int j = 0; j < values.size(); j++) {
      sums.add(shuffled(b, fn(j), values.get(j)));
    }
    return sums;
  }

  /** What all threads of a warp have together, in each of them. */
  static Expr shuffled(LoopBuilder b, BinaryFn fn, Expr value) {
    Expr sum = value;
    for (int mask = (int) GpuThreads.WARP / 2; mask > 0; mask /= 2) {
      sum = b.let("sum", new Expr.Binary(fn, sum, new Expr.WarpShuffleXor(sum, mask)));
    }
    return sum;
  }

  private List<Expr> loaded(LoopBuilder b, List<Buffer> accumulators) {
    return accumulators.stream().map(a -> b.let("sum", load(a, index(0)))).toList();
  }

  private void finish(LoopBuilder b, Expr i, List<Expr> values) {
    finish.write(new Scope(b), Elementwise.indices(axes, kept, Index.axis(i, results)), values);
  }

  /** Reduces every {@code team.threads}th element of result {@code i}, from {@code t} on. */
  private List<Buffer> accumulate(LoopBuilder b, Expr i, Expr t) {
    var accumulators = new ArrayList<Buffer>();
    for (Reductions.Job j : jobs) {
      Buffer acc = b.alloc("acc", j.dtype(), 1, 1, Space.REGISTER);
      b.store(acc, index(0), Windows.identity(j.fn(), j.dtype()));
      accumulators.add(acc);
    }
    var scope = new Scope(b);
    var nest = new Nest(scope, axes);
    nest.assign(kept, Index.axis(i, results));
    for (List<Integer> run : reduced) {
      Dim extent = Runs.extent(List.of(run), axes);
      boolean pieces = cut.isPresent() && cut.get().run().equals(run);
      Expr lower = pieces ? scope.let("b", share(extent, piece)) : index(0);
      Expr upper = pieces ? scope.let("e", share(extent, add(piece, index(1)))) : size(extent);
      boolean stride = team != Team.THREAD && run.equals(strided());
      nest.loop(
          LoopKind.SERIAL,
          "r",
          () -> stride ? add(lower, t) : lower,
          () -> upper,
          stride ? team.threads : 1,
          v -> nest.assign(List.of(run), Index.axis(v, extent)));
    }
    nest.write(
        () -> {
          for (int j = 0; j < jobs.size(); j++) {
            Buffer acc = accumulators.get(j);
            Expr x = jobs.get(j).element().at(scope, nest.indices());
            scope.here().store(acc, index(0), Pull.binary(fn(j), load(acc, index(0)), x));
          }
        });
    return accumulators;
  }

  /** The run that threads share: the last where they are side by side along it, or the longest. */
  private List<Integer> strided() {
    if (team != Team.COLUMN) {
      return reduced.getLast();
    }
    List<Integer> longest = reduced.getFirst();
    for (List<Integer> run : reduced) {
      if (Runs.extent(List.of(run), axes).max() > Runs.extent(List.of(longest), axes).max()) {
        longest = run;
      }
    }
    return longest;
  }

  private Expr share(Dim n, Expr piece) {
    return div(mul(size(n), piece), cut.map(Reductions.Cut::pieces).orElse(1L));
  }
}
