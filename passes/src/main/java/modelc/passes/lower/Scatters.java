package modelc.passes.lower;

import static java.util.Objects.requireNonNull;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.load;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Shape;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Space;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.ir.tensor.Window;
import modelc.passes.Gpu;
import modelc.passes.Target;
import org.jspecify.annotations.Nullable;

/**
 * Lowers the ops that add to places chosen by data. Nothing is added concurrently: the order of
 * additions, and so the result, is fixed.
 */
final class Scatters {
  /** Pieces of the scattered axis, for the threads. */
  private static final long PIECES = 16;

  private Scatters() {}

  /**
   * A kernel that finds which tap of each window is greatest, and one that collects what each
   * element is given.
   */
  static void selectAndScatter(Task task) {
    Value lead = task.group().lead();
    Op.SelectAndScatter o = (Op.SelectAndScatter) lead.op();
    Shape windows = o.source().type().shape();
    Buffer taken = task.scratch(DType.I32, windows.elements());
    var memory = new Storage.Stored(taken, task.layouts().of(o.source()).strides(windows));
    List<Integer> order = task.layouts().of(o.source()).order();
    task.elementwise(
        windows,
        order,
        (scope, at) ->
            scope
                .here()
                .store(
                    taken,
                    scope.emit(Pull.address(memory, at)),
                    firstGreatest(task.pull(scope), scope, o, at)));
    Shape shape = lead.type().shape();
    task.elementwise(
        shape,
        task.layouts().of(lead).order(),
        (scope, at) -> {
          Pull pull = task.pull(scope);
          pull.seed(lead, at, collected(pull, scope, o, memory, at));
          task.finish(scope, pull, shape, at);
        });
  }

  /** The number, row-major, of the first greatest tap of the window at {@code at}. */
  private static Expr firstGreatest(Pull pull, Scope scope, Op.SelectAndScatter o, List<Index> at) {
    Window w = o.window();
    Expr lowest = Windows.identity(ReduceFn.MAXIMUM, o.x().type().dtype());
    Expr best = lowest;
    Expr which = Pull.constant(DType.I32, -1);
    int number = 0;
    for (List<Index> tap : Windows.allTaps(w)) {
      List<Index> positions = Windows.positions(w, at, tap);
      Optional<Expr> inside = Windows.inside(pull, w, positions, o.x().type().shape());
      Expr x = pull.orElse(inside, () -> pull.value(o.x(), Windows.elements(w, positions)), lowest);
      Expr greater = Pull.compare(CompareFn.GT, x, best);
      Expr none = Pull.compare(CompareFn.LT, which, Pull.constant(DType.I32, 0));
      Expr first = inside.map(in -> Pull.binary(BinaryFn.AND, in, none)).orElse(none);
      Expr take = scope.let("c", Pull.binary(BinaryFn.OR, greater, first));
      which = scope.let("w", Pull.select(take, Pull.constant(DType.I32, number), which));
      best = scope.let("m", Pull.select(take, x, best));
      number++;
    }
    return which;
  }

  /** The sum over the windows that element {@code at} is the first greatest of. */
  private static Expr collected(
      Pull pull, Scope scope, Op.SelectAndScatter o, Storage.Stored taken, List<Index> at) {
    Expr zero = Pull.constant(o.source().type().dtype(), 0);
    @Nullable Expr sum = null;
    for (Candidate c : candidates(o.window(), at)) {
      Optional<Expr> exists = Optional.empty();
      for (int i = 0; i < at.size(); i++) {
        if (Windows.isWhole(o.window(), i)) {
          continue;
        }
        exists = pull.both(exists, pull.inside(c.window().get(i), o.source().type().dim(i), 1));
        exists = pull.both(exists, c.condition(pull, scope, o.window(), i));
      }
      Expr tap = Pull.convert(DType.I32, scope.let("t", scope.emit(c.number(o.window()))));
      Expr x =
          pull.orElse(
              exists,
              () -> {
                Expr mine =
                    scope.let(
                        "c",
                        Pull.compare(
                            CompareFn.EQ, scope.let("w", pull.load(taken, c.window())), tap));
                return Pull.select(mine, pull.value(o.source(), c.window()), zero);
              },
              zero);
      sum = sum == null ? x : Pull.binary(BinaryFn.ADD, sum, scope.let("x", x));
    }
    return scope.let("s", requireNonNull(sum, "a window holds nothing"));
  }

  /**
   * A window that may hold an element.
   *
   * @param tap as what it would hold it, along each axis
   */
  private record Candidate(List<Index> window, List<Index> tap) {
    Index number(Window w) {
      Index n = Index.ZERO;
      for (int i = 0; i < tap.size(); i++) {
        n = n.times(w.size().get(i)).plus(tap.get(i));
      }
      return n;
    }

    /** Along one axis: it is within the window. */
    Optional<Expr> condition(Pull pull, Scope scope, Window w, int axis) {
      return pull.inside(tap.get(axis), Dim.of(w.size().get(axis)), 1);
    }
  }

  private static List<Candidate> candidates(Window w, List<Index> at) {
    List<Candidate> all = List.of(new Candidate(List.of(), List.of()));
    for (int i = 0; i < at.size(); i++) {
      if (w.windowDilation().get(i) != 1 || w.baseDilation().get(i) != 1) {
        throw new IllegalStateException("select_and_scatter over a dilated window");
      }
      long stride = w.stride().get(i);
      Index position = at.get(i).plus(w.padLow().get(i));
      long most = (w.size().get(i) + stride - 1) / stride;
      var longer = new ArrayList<Candidate>();
      for (Candidate c : all) {
        // The last window first becomes the first one last: additions are in the order of the
        // windows.
        for (long back = most - 1; back >= 0; back--) {
          Index window = position.quotient(Dim.of(stride)).plus(-back);
          Index tap = position.remainder(Dim.of(stride)).plus(back * stride);
          longer.add(new Candidate(append(c.window(), window), append(c.tap(), tap)));
        }
      }
      all = longer;
    }
    return all;
  }

  private static List<Index> append(List<Index> list, Index x) {
    var longer = new ArrayList<>(list);
    longer.add(x);
    return longer;
  }

  /**
   * Copies the operand, then adds the updates one after the other; threads share the places, not
   * the updates.
   */
  static void scatterAdd(Task task) {
    switch (task.hardware()) {
      case Target _ -> scatterAddByPieces(task);
      case Gpu _ -> gatherAdd(task);
    }
  }

  /**
   * One thread an element of the result, which looks at all places and adds those of its own: more
   * comparisons, but nothing is added by two threads.
   */
  private static void gatherAdd(Task task) {
    Value lead = task.group().lead();
    Op.ScatterAdd o = (Op.ScatterAdd) lead.op();
    Shape shape = lead.type().shape();
    List<Runs.Axis> axes = Task.kept(o.indices().type().shape());
    int rank = axes.size();
    task.elementwise(
        shape,
        task.layouts().of(lead).order(),
        (scope, at) -> {
          Buffer sum = scope.here().alloc("sum", lead.type().dtype(), 1, 1, Space.REGISTER);
          scope.here().store(sum, index(0), task.pull(scope).value(o.x(), at));
          Expr mine = scope.let("p", scope.emit(at.get(o.axis())));
          var nest = new Nest(scope, axes);
          for (int i = 0; i < rank; i++) {
            nest.over(LoopKind.SERIAL, List.of(List.of(i)));
          }
          nest.write(
              () -> {
                Expr place =
                    Pull.convert(DType.I64, task.pull(scope).value(o.indices(), nest.indices()));
                Expr taken = scope.let("c", Pull.compare(CompareFn.EQ, place, mine));
                scope
                    .here()
                    .when(
                        taken,
                        then -> {
                          scope.enter(then, taken);
                          var from = new ArrayList<>(at.subList(0, o.axis()));
                          from.addAll(nest.indices());
                          from.addAll(at.subList(o.axis() + 1, at.size()));
                          Pull pull = task.pull(scope);
                          Expr update = pull.guarded(taken, () -> pull.value(o.updates(), from));
                          then.store(
                              sum,
                              index(0),
                              Pull.binary(BinaryFn.ADD, load(sum, index(0)), update));
                          scope.leave();
                        });
              });
          Storage.Stored s = task.stored(lead);
          scope.here().store(s.buffer(), scope.emit(Pull.address(s, at)), load(sum, index(0)));
        });
  }

  private static void scatterAddByPieces(Task task) {
    Value lead = task.group().lead();
    Op.ScatterAdd o = (Op.ScatterAdd) lead.op();
    Storage.Stored s = task.stored(lead);
    Shape shape = lead.type().shape();
    task.elementwise(
        shape,
        task.layouts().of(lead).order(),
        (scope, at) ->
            scope
                .here()
                .store(
                    s.buffer(),
                    scope.emit(Pull.address(s, at)),
                    task.pull(scope).value(o.x(), at)));
    if (Task.isEmpty(shape) || Task.isEmpty(o.updates().type().shape())) {
      return;
    }
    var axes = new ArrayList<>(Task.kept(o.updates().type().shape()));
    int rank = o.indices().type().rank();
    var b = new LoopBuilder();
    var scope = new Scope(b);
    var nest = new Nest(scope, axes);
    Expr n = LoopBuilder.size(shape.dim(o.axis()));
    Expr[] bounds = new Expr[2];
    nest.loop(
        LoopKind.PARALLEL,
        "t",
        () -> index(0),
        () -> index(PIECES),
        t -> {
          bounds[0] = scope.let("b", LoopBuilder.div(LoopBuilder.mul(n, t), PIECES));
          bounds[1] =
              scope.let(
                  "e", LoopBuilder.div(LoopBuilder.mul(n, LoopBuilder.add(t, index(1))), PIECES));
        });
    List<List<Integer>> outer = new ArrayList<>();
    for (int i = 0; i < o.axis() + rank; i++) {
      outer.add(List.of(i));
    }
    outer.forEach(run -> nest.over(LoopKind.SERIAL, List.of(run)));
    nest.write(
        () -> {
          List<Index> at = nest.indices();
          Pull pull = task.pull(scope);
          Expr i = pull.value(o.indices(), at.subList(o.axis(), o.axis() + rank));
          Expr place = scope.let("g", Pull.convert(DType.I64, i));
          Expr mine =
              Pull.binary(
                  BinaryFn.AND,
                  Pull.compare(CompareFn.GE, place, bounds[0]),
                  LoopBuilder.lt(place, bounds[1]));
          scope.here().when(mine, then -> addUpdate(task, scope, then, o, s, axes, at, place));
        });
    task.add(b);
  }

  private static void addUpdate(
      Task task,
      Scope scope,
      LoopBuilder then,
      Op.ScatterAdd o,
      Storage.Stored s,
      List<Runs.Axis> axes,
      List<Index> at,
      Expr place) {
    scope.enter(then, place);
    int rank = o.indices().type().rank();
    var inner = new Nest(scope, axes);
    for (int i = o.axis() + rank; i < axes.size(); i++) {
      boolean last = i == axes.size() - 1;
      inner.over(last ? LoopKind.VECTOR : LoopKind.SERIAL, List.of(List.of(i)));
    }
    inner.write(
        () -> {
          var from = new ArrayList<>(at.subList(0, o.axis() + rank));
          from.addAll(inner.indices().subList(o.axis() + rank, axes.size()));
          var to = new ArrayList<>(at.subList(0, o.axis()));
          to.add(Index.axis(place, task.group().lead().type().dim(o.axis())));
          to.addAll(from.subList(o.axis() + rank, from.size()));
          Expr address = scope.emit(Pull.address(s, to));
          Expr update = task.pull(scope).value(o.updates(), from);
          scope
              .here()
              .store(
                  s.buffer(),
                  address,
                  Pull.binary(BinaryFn.ADD, load(s.buffer(), address), update));
        });
    scope.leave();
  }
}
