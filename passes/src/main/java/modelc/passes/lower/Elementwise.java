package modelc.passes.lower;

import java.util.Arrays;
import java.util.List;
import modelc.ir.Dim;
import modelc.ir.loop.LoopBuilder;
import modelc.passes.Gpu;
import modelc.passes.Hardware;
import modelc.passes.Target;
import modelc.passes.gpu.GpuThreads;

/**
 * Loops that compute every element by itself: shared among a CPU's threads and made for its
 * vectors, or one GPU thread an element.
 */
final class Elementwise {
  private Elementwise() {}

  /**
   * Writes {@code body} for every index of {@code axes}, of which {@code runs} have more than one.
   */
  static void write(
      LoopBuilder b,
      List<Runs.Axis> axes,
      List<List<Integer>> runs,
      Hardware hardware,
      Runs.Trial body) {
    switch (hardware) {
      case Target _ -> {
        var scope = new Scope(b);
        var nest = new Nest(scope, axes).elementwise(runs);
        nest.write(() -> body.write(scope, nest.indices()));
      }
      case Gpu _ -> {
        Dim extent = Runs.extent(runs, axes);
        GpuThreads.each(
            b,
            extent,
            (then, i) -> body.write(new Scope(then), indices(axes, runs, Index.axis(i, extent))));
      }
    }
  }

  /** The index of each axis from one over all {@code runs}; of axes in no run 0. */
  static List<Index> indices(List<Runs.Axis> axes, List<List<Integer>> runs, Index linear) {
    var at = new Index[axes.size()];
    Arrays.fill(at, Index.ZERO);
    Runs.recover(runs, axes, linear, a -> at[a.axis()] = a.index());
    return List.of(at);
  }
}
