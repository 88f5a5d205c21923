package modelc.passes.lower;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import modelc.ir.Dim;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.Var;

/**
 * Which neighbouring axes of an iteration space one loop can run over: those that every address
 * takes with matching strides. Found by writing the kernel once, with a loop an axis, into the
 * void.
 *
 * <p>It does not decide what kinds of loops these become.
 *
 * @param of axes of each run, outermost first
 */
record Runs(List<List<Integer>> of) {

  /**
   * An axis of an iteration space.
   *
   * @param kept false: it is reduced away; a run has axes of one sort only
   */
  record Axis(Dim extent, boolean kept) {}

  /** Writes the kernel for the loop variables of the axes, in their logical order. */
  @FunctionalInterface
  interface Trial {
    void write(Scope scope, List<Index> axes);
  }

  /**
   * The runs of {@code axes}, given in {@code order}, outermost first. Axes of size 1 are in none.
   */
  static Runs find(List<Axis> axes, List<Integer> order, Trial trial) {
    var vars = new ArrayList<Index.Axis>();
    for (int i = 0; i < axes.size(); i++) {
      vars.add(new Index.Axis(new Expr.VarRef(Var.index("trial" + i)), axes.get(i).extent()));
    }
    var scope = new Scope(new LoopBuilder());
    trial.write(
        scope,
        IntStream.range(0, axes.size())
            .mapToObj(i -> Index.axis(vars.get(i).expr(), vars.get(i).extent()))
            .toList());
    List<Integer> real = order.stream().filter(a -> !axes.get(a).extent().isOne()).toList();
    var runs = new ArrayList<List<Integer>>();
    for (int axis : real) {
      boolean joins =
          !runs.isEmpty()
              && axes.get(runs.getLast().getLast()).kept() == axes.get(axis).kept()
              && joins(scope.emitted(), vars.get(runs.getLast().getLast()), vars.get(axis));
      if (!joins) {
        runs.add(new ArrayList<>());
      }
      runs.getLast().add(axis);
    }
    return new Runs(runs);
  }

  private static boolean joins(List<Index> forms, Index.Axis outer, Index.Axis inner) {
    return forms.stream()
        .allMatch(f -> f.factor(outer).equals(f.factor(inner).times(inner.extent())));
  }

  /** The number of iterations of {@code runs} together. */
  static Dim extent(List<List<Integer>> runs, List<Axis> axes) {
    Dim product = Dim.ONE;
    for (List<Integer> run : runs) {
      for (int axis : run) {
        product = product.times(axes.get(axis).extent());
      }
    }
    return product;
  }

  /** Gives each axis of {@code runs} its index, from one that runs over all of them. */
  static void recover(
      List<List<Integer>> runs, List<Axis> axes, Index linear, Consumer<Assigned> to) {
    List<Integer> all = runs.stream().flatMap(List::stream).toList();
    for (int i = all.size() - 1; i >= 0; i--) {
      Dim extent = axes.get(all.get(i)).extent();
      to.accept(new Assigned(all.get(i), i == 0 ? linear : linear.remainder(extent)));
      linear = linear.quotient(extent);
    }
  }

  /** The index of one axis. */
  record Assigned(int axis, Index index) {}
}
