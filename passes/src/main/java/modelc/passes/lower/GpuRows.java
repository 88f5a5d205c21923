package modelc.passes.lower;

import static modelc.ir.loop.LoopBuilder.div;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.load;
import static modelc.ir.loop.LoopBuilder.rem;
import static modelc.ir.loop.LoopBuilder.size;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import modelc.ir.BinaryFn;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.passes.fuse.Group;
import modelc.passes.gpu.GpuThreads;
import modelc.passes.layout.Layouts;

/**
 * One kernel for reductions along the same rows and what is computed of the rows' elements, as a
 * softmax or a normalisation: a thread, a warp or a block has a row and runs stage after stage.
 * Each of its threads has every result of a reduction; elements that several stages need are
 * computed by each of them.
 *
 * <p>What is joined is not decided here. A stage that needs results of other rows is refused by
 * {@link NotPullableException}.
 */
public final class GpuRows {
  /** Elements of a row, at most. */
  private static final long LONGEST = 16 * 1024;

  /** Longer rows than a warp's are a block's, if there are so many. */
  private static final long ENOUGH_ROWS = 64;

  private final Task task;
  private final Shape shape;
  private final List<Integer> reduced;
  private final List<Runs.Axis> axes = new ArrayList<>();
  private final List<List<Integer>> rowAxes = new ArrayList<>();
  private final List<List<Integer>> elementAxes = new ArrayList<>();
  private final Dim rows;
  private final Dim elements;

  private GpuRows(Task task, Value x, List<Integer> reduced) {
    this.task = task;
    this.shape = x.type().shape();
    this.reduced = reduced;
    for (int i = 0; i < shape.rank(); i++) {
      axes.add(new Runs.Axis(shape.dim(i), !reduced.contains(i)));
    }
    for (int a : task.layouts().of(x).order()) {
      if (!shape.dim(a).isOne()) {
        (reduced.contains(a) ? elementAxes : rowAxes).add(List.of(a));
      }
    }
    rows = Runs.extent(rowAxes, axes);
    elements = Runs.extent(elementAxes, axes);
  }

  /** Whether the rows of a reduction are such that one kernel may do all that is done to them. */
  public static boolean fits(Op.Reduce o, Layouts layouts) {
    Shape s = o.x().type().shape();
    if (Task.isEmpty(s)) {
      return false;
    }
    long rows = 1;
    long length = 1;
    int innermost = -1;
    for (int a : layouts.of(o.x()).order()) {
      innermost = s.dim(a).isOne() ? innermost : a;
      if (o.axes().contains(a)) {
        length = Math.multiplyExact(length, s.dim(a).max());
      } else {
        rows = Math.multiplyExact(rows, s.dim(a).max());
      }
    }
    // One row of constant length is better merged with others of its kind.
    boolean several = rows > 1 || s.dims().stream().anyMatch(d -> !d.isConstant());
    boolean sideBySide = length < GpuReductions.SHORT || o.axes().contains(innermost);
    boolean enough = length <= GpuReductions.LONG || length <= LONGEST && rows >= ENOUGH_ROWS;
    return several && length > 1 && sideBySide && enough;
  }

  static void lower(Task task) {
    Group first =
        task.group().stages().stream()
            .filter(g -> g.kind() == Group.Kind.REDUCE)
            .findFirst()
            .orElseThrow();
    Op.Reduce o = (Op.Reduce) first.lead().op();
    var b = new LoopBuilder();
    new GpuRows(task, o.x(), o.axes()).write(b);
    task.add(b);
  }

  private void write(LoopBuilder b) {
    if (elements.max() < GpuReductions.SHORT) {
      GpuThreads.each(b, rows, (then, i) -> new Row(then, i, index(0), 1, Map.of()).write());
    } else if (elements.max() <= GpuReductions.LONG) {
      GpuReductions.warps(
          b, rows, (then, i, t) -> new Row(then, i, t, GpuThreads.WARP, Map.of()).write());
    } else {
      b.loop(
          LoopKind.GRID_X,
          "b",
          size(rows),
          (grid, i) -> {
            Map<Value, Buffer> parts = shared(grid);
            grid.loop(
                LoopKind.THREAD_X,
                "t",
                index(GpuThreads.BLOCK),
                (thread, t) -> new Row(thread, i, t, GpuThreads.BLOCK, parts).write());
          });
    }
  }

  /** For what each warp of a block has of each reduction. */
  private Map<Value, Buffer> shared(LoopBuilder b) {
    var parts = new HashMap<Value, Buffer>();
    for (Value v : task.group().leads()) {
      if (v.op() instanceof Op.Reduce) {
        long warps = GpuThreads.BLOCK / GpuThreads.WARP;
        parts.put(v, b.alloc("part", v.type().dtype(), 1, warps, Space.SHARED));
      }
    }
    return parts;
  }

  /** What one of the threads that share a row does. */
  private final class Row {
    final Scope scope;
    final Pull pull;
    final Expr thread;
    final long threads;
    final Map<Value, Buffer> parts;
    final List<Index> row;

    /** The row's place among the axes that are kept. */
    final List<Index> kept = new ArrayList<>();

    Row(LoopBuilder b, Expr i, Expr thread, long threads, Map<Value, Buffer> parts) {
      scope = new Scope(b);
      pull = task.pull(scope);
      this.thread = thread;
      this.threads = threads;
      this.parts = parts;
      row = Elementwise.indices(axes, rowAxes, Index.axis(i, rows));
      for (int a = 0; a < shape.rank(); a++) {
        if (!reduced.contains(a)) {
          kept.add(row.get(a));
        }
      }
    }

    void write() {
      for (Group stage : task.group().stages()) {
        if (stage.kind() == Group.Kind.REDUCE) {
          reduce(stage.leads());
        }
        List<Value> stored =
            stage.stored().stream().filter(task.group().stored()::contains).toList();
        if (stage.kind() == Group.Kind.REDUCE || isOfRows(stage.lead())) {
          storeRow(stored);
        } else if (!stored.isEmpty()) {
          eachElement(at -> store(stored, shape, at).forEach(scope.here()::emit));
        }
      }
    }

    private boolean isOfRows(Value v) {
      return v.type().shape().elements().equals(rows);
    }

    /** Runs {@code body} for every {@code threads}th element of the row. */
    private void eachElement(Consumer<List<Index>> body) {
      scope
          .here()
          .loop(
              LoopKind.SERIAL,
              "r",
              thread,
              size(elements),
              threads,
              (b, e) -> {
                scope.enter(b, e);
                var at = new ArrayList<>(row);
                Runs.recover(
                    elementAxes, axes, Index.axis(e, elements), a -> at.set(a.axis(), a.index()));
                body.accept(at);
                scope.leave();
              });
    }

    private void reduce(List<Value> leads) {
      var accumulators = new ArrayList<Buffer>();
      for (Value v : leads) {
        Op.Reduce o = (Op.Reduce) v.op();
        Buffer acc = scope.here().alloc("acc", v.type().dtype(), 1, 1, Space.REGISTER);
        scope.here().store(acc, index(0), Windows.identity(o.fn(), v.type().dtype()));
        accumulators.add(acc);
      }
      eachElement(
          at -> {
            for (int i = 0; i < leads.size(); i++) {
              Op.Reduce o = (Op.Reduce) leads.get(i).op();
              Buffer acc = accumulators.get(i);
              Expr x = pull.value(o.x(), at);
              BinaryFn fn = Windows.binary(o.fn());
              scope.here().store(acc, index(0), Pull.binary(fn, load(acc, index(0)), x));
            }
          });
      var sums = new ArrayList<Expr>();
      for (int i = 0; i < leads.size(); i++) {
        Expr sum = scope.letHere("sum", load(accumulators.get(i), index(0)));
        BinaryFn fn = Windows.binary(((Op.Reduce) leads.get(i).op()).fn());
        sums.add(threads == 1 ? sum : GpuReductions.shuffled(scope.here(), fn, sum));
      }
      if (threads > GpuThreads.WARP) {
        throughShared(leads, sums);
      }
      for (int i = 0; i < leads.size(); i++) {
        pull.seed(leads.get(i), kept, sums.get(i));
      }
    }

    private void throughShared(List<Value> leads, List<Expr> sums) {
      LoopBuilder b = scope.here();
      Expr lane = b.let("l", rem(thread, GpuThreads.WARP));
      Expr warp = b.let("w", div(thread, GpuThreads.WARP));
      GpuReductions.first(
          b,
          lane,
          leader -> {
            for (int i = 0; i < leads.size(); i++) {
              leader.store(part(leads.get(i)), warp, sums.get(i));
            }
          });
      b.emit(new Stmt.Barrier());
      long warps = GpuThreads.BLOCK / GpuThreads.WARP;
      for (int i = 0; i < leads.size(); i++) {
        BinaryFn fn = Windows.binary(((Op.Reduce) leads.get(i).op()).fn());
        Buffer parts = part(leads.get(i));
        sums.set(i, GpuReductions.together(b, fn, parts, index(0), 1, warps));
      }
    }

    private Buffer part(Value v) {
      return Objects.requireNonNull(parts.get(v));
    }

    private void storeRow(List<Value> stored) {
      if (stored.isEmpty()) {
        return;
      }
      var keptShape =
          new Shape(
              IntStream.range(0, shape.rank())
                  .filter(a -> !reduced.contains(a))
                  .mapToObj(shape::dim)
                  .toList());
      List<Stmt> stores = store(stored, keptShape, kept);
      if (threads == 1) {
        stores.forEach(scope.here()::emit);
      } else {
        GpuReductions.first(scope.here(), thread, leader -> stores.forEach(leader::emit));
      }
    }

    /** Stores of values at {@code index} of {@code of}, all of which are computed before. */
    private List<Stmt> store(List<Value> stored, Shape of, List<Index> index) {
      var stores = new ArrayList<Stmt>();
      for (Value v : stored) {
        Shape own = v.type().shape();
        List<Index> at = own.equals(of) ? index : Index.reshaped(own, of, index);
        Storage.Stored s = task.stored(v);
        Expr value = pull.value(v, at);
        stores.add(
            new Stmt.Store(s.buffer(), scope.emit(Pull.address(s, at)), value, Optional.empty()));
      }
      return stores;
    }
  }
}
