package modelc.passes.lower;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import modelc.ir.BinaryFn;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Shape;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Space;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.passes.Gpu;
import modelc.passes.Hardware;
import modelc.passes.Target;
import modelc.passes.fuse.Group;
import modelc.passes.gpu.GpuThreads;
import modelc.passes.layout.Layouts;

/**
 * Lowers one fused group to kernels over the buffers of the entry.
 *
 * <p>It chooses loops; what is in a group and what has memory is fusion's choice, in what order
 * kernels run and where buffers lie is the planner's.
 */
public final class GroupLowering {
  /**
   * The kernels of a group in launch order, and the scratch buffers they need besides the stored
   * values.
   */
  public record Result(List<Kernel> kernels, List<Buffer> scratch) {
    public Result {
      kernels = List.copyOf(kernels);
      scratch = List.copyOf(scratch);
    }
  }

  private GroupLowering() {}

  /** Kernels and scratch buffers are called {@code name} and what comes after it. */
  public static Result lower(
      String name, Group group, Layouts layouts, Storage storage, Hardware hardware) {
    var task = new Task(name, group, layouts, storage, hardware);
    switch (group.kind()) {
      case MAP -> map(task);
      case REDUCE -> reduce(task);
      case ROWS -> GpuRows.lower(task);
      case WINDOW -> window(task, (Op.ReduceWindow) group.lead().op());
      case CUMULATIVE -> cumulativeSum(task, (Op.CumulativeSum) group.lead().op());
      case CONTRACTION -> Contractions.lower(task);
      case SELECT_AND_SCATTER -> Scatters.selectAndScatter(task);
      case SCATTER -> Scatters.scatterAdd(task);
      case CONCATENATE -> concatenate(task, (Op.Concatenate) group.lead().op());
      case TABLE -> tables(task);
    }
    return new Result(task.kernels(), task.scratch());
  }

  private static void map(Task task) {
    Value domain = task.group().lead();
    if (task.group().stored().size() == 1) {
      // The operand's axes make addresses linear where the reshaped ones would need divisions.
      while (domain.op() instanceof Op.Reshape r && task.layouts().of(domain).isCanonical()) {
        domain = r.x();
      }
    }
    Shape shape = domain.type().shape();
    task.elementwise(
        shape,
        task.layouts().of(domain).order(),
        (scope, index) -> task.finish(scope, task.pull(scope), shape, index));
  }

  private static void reduce(Task task) {
    Value x = ((Op.Reduce) task.group().lead().op()).x();
    List<Integer> reduced = ((Op.Reduce) task.group().lead().op()).axes();
    var axes = new ArrayList<Runs.Axis>();
    for (int i = 0; i < x.type().rank(); i++) {
      axes.add(new Runs.Axis(x.type().dim(i), !reduced.contains(i)));
    }
    var jobs = new ArrayList<Reductions.Job>();
    for (Value lead : task.group().leads()) {
      Op.Reduce o = (Op.Reduce) lead.op();
      jobs.add(
          new Reductions.Job(
              o.fn(), lead.type().dtype(), (scope, index) -> task.pull(scope).value(o.x(), index)));
    }
    Reductions.lower(task, axes, task.layouts().of(x).order(), jobs, finish(task, axes));
  }

  /** Gives the leads their values at the kept axes, and the group's other values theirs. */
  static Reductions.Finish finish(Task task, List<Runs.Axis> axes) {
    return (scope, index, values) -> {
      List<Index> kept =
          IntStream.range(0, axes.size())
              .filter(i -> axes.get(i).kept())
              .mapToObj(index::get)
              .toList();
      Pull pull = task.pull(scope);
      for (int i = 0; i < values.size(); i++) {
        pull.seed(task.group().leads().get(i), kept, values.get(i));
      }
      task.finish(scope, pull, task.group().lead().type().shape(), kept);
    };
  }

  private static void window(Task task, Op.ReduceWindow o) {
    Value lead = task.group().lead();
    int rank = lead.type().rank();
    var axes = new ArrayList<>(Task.kept(lead.type().shape()));
    o.window().size().forEach(s -> axes.add(new Runs.Axis(Dim.of(s), false)));
    List<Integer> order =
        innermostKept(task, lead, IntStream.range(rank, 2 * rank).boxed().toList());
    Expr identity = Windows.identity(o.fn(), lead.type().dtype());
    Reductions.Element element =
        (scope, index) -> {
          Pull pull = task.pull(scope);
          List<Index> at =
              Windows.positions(o.window(), index.subList(0, rank), index.subList(rank, 2 * rank));
          var inside = Windows.inside(pull, o.window(), at, o.x().type().shape());
          return pull.orElse(
              inside, () -> pull.value(o.x(), Windows.elements(o.window(), at)), identity);
        };
    var job = new Reductions.Job(o.fn(), lead.type().dtype(), element);
    Reductions.lower(task, axes, order, List.of(job), finish(task, axes));
  }

  /** Lines along the axis are independent of each other; within one a sum is carried on. */
  private static void cumulativeSum(Task task, Op.CumulativeSum o) {
    Value lead = task.group().lead();
    Shape shape = lead.type().shape();
    if (Task.isEmpty(shape)) {
      return;
    }
    var lines = new ArrayList<>(shape.dims());
    lines.set(o.axis(), Dim.ONE);
    task.elementwise(
        new Shape(lines),
        task.layouts().of(lead).order(),
        (scope, line) -> {
          Buffer sum = scope.here().alloc("sum", lead.type().dtype(), 1, 1, Space.REGISTER);
          Expr zero = Pull.constant(lead.type().dtype(), 0);
          scope.here().store(sum, LoopBuilder.index(0), zero);
          var nest = new Nest(scope, Task.kept(shape));
          nest.over(LoopKind.SERIAL, List.of(List.of(o.axis())));
          nest.write(
              () -> {
                var at = new ArrayList<>(line);
                at.set(o.axis(), nest.indices().get(o.axis()));
                Pull pull = task.pull(scope);
                Expr before = LoopBuilder.load(sum, LoopBuilder.index(0));
                Expr now = Pull.binary(BinaryFn.ADD, before, pull.value(o.x(), at));
                Expr kept = scope.letHere("s", now);
                scope.here().store(sum, LoopBuilder.index(0), kept);
                pull.seed(lead, at, kept);
                task.finish(scope, pull, shape, at);
              });
        });
  }

  /** The axes of {@code lead}'s layout, with {@code reduced} before the innermost one. */
  static List<Integer> innermostKept(Task task, Value lead, List<Integer> reduced) {
    var order = new ArrayList<>(task.layouts().of(lead).order());
    int last = order.size() - 1;
    while (last >= 0 && lead.type().dim(order.get(last)).isOne()) {
      last--;
    }
    order.addAll(Math.max(0, last), reduced);
    return order;
  }

  private static void concatenate(Task task, Op.Concatenate o) {
    Value lead = task.group().lead();
    Storage.Stored s = task.stored(lead);
    Index before = Index.ZERO;
    for (Value x : o.xs()) {
      Index offset = before;
      task.elementwise(
          x.type().shape(),
          task.layouts().of(lead).order(),
          (scope, index) -> {
            var at = new ArrayList<>(index);
            at.set(o.axis(), index.get(o.axis()).plus(offset));
            Expr e = task.pull(scope).value(x, index);
            scope.here().store(s.buffer(), scope.emit(Pull.address(s, at)), e);
          });
      before = before.plus(Index.of(x.type().dim(o.axis())));
    }
  }

  private static void tables(Task task) {
    if (task.group().stored().stream().allMatch(v -> Task.isEmpty(v.type().shape()))) {
      return;
    }
    var b = new LoopBuilder();
    switch (task.hardware()) {
      case Target _ -> tables(task, b);
      case Gpu _ -> GpuThreads.one(b, body -> tables(task, body));
    }
    task.add(b);
  }

  private static void tables(Task task, LoopBuilder b) {
    for (Value v : task.group().stored()) {
      Op.DenseConstant o = (Op.DenseConstant) v.op();
      Buffer buffer = task.stored(v).buffer();
      for (int i = 0; i < o.values().size(); i++) {
        b.store(buffer, LoopBuilder.index(i), Pull.constant(o.type().dtype(), o.values().get(i)));
      }
    }
  }

  /** Copies all elements of a buffer to another. */
  public static Kernel copy(String name, Buffer from, Buffer to, Hardware hardware) {
    var b = new LoopBuilder();
    Elementwise.write(
        b,
        List.of(new Runs.Axis(from.size(), true)),
        List.of(List.of(0)),
        hardware,
        (scope, index) -> {
          Expr at = scope.emit(index.getFirst());
          scope.here().store(to, at, LoopBuilder.load(from, at));
        });
    return Kernels.make(name, b, List.of());
  }

  /** A sum of products, one element after the other: what every contraction can be lowered to. */
  static Reductions.Job products(
      Task task, Value lead, Value x, Value y, Operand xAt, Operand yAt, Guard inside) {
    return new Reductions.Job(
        ReduceFn.ADD,
        lead.type().dtype(),
        (scope, index) -> {
          Pull pull = task.pull(scope);
          Expr zero = Pull.constant(lead.type().dtype(), 0);
          return pull.orElse(
              inside.at(pull, index),
              () -> {
                Expr a = pull.value(x, xAt.at(index));
                Expr b = pull.value(y, yAt.at(index));
                return scope.let("p", Pull.binary(BinaryFn.MULTIPLY, a, b));
              },
              zero);
        });
  }

  /** The index of an operand's element, from the indices of all axes. */
  @FunctionalInterface
  interface Operand {
    List<Index> at(List<Index> axes);
  }

  /** When there is an element, from the indices of all axes; empty: always. */
  @FunctionalInterface
  interface Guard {
    Optional<Expr> at(Pull pull, List<Index> axes);
  }
}
