package modelc.passes.testing;

import java.util.List;
import java.util.function.Supplier;
import modelc.ir.Symbol;
import modelc.ir.loop.Buffer;
import modelc.passes.Gpu;
import modelc.passes.Hardware;
import modelc.passes.Target;
import modelc.passes.contraction.Lowered;

/**
 * One contraction to run, and what must come out. How it is run (interpreted, or as machine code)
 * is the caller's.
 *
 * @param name what it is, unique in its table for one machine
 * @param hardware what it is lowered for
 * @param batch the value of {@link #BATCH}
 * @param prepare makes lowering and data when they are needed: a table of them all would be large
 */
public record ContractionCase(
    String name, Hardware hardware, long batch, Supplier<Prepared> prepare) {
  /** The only run-time size. */
  public static final Symbol BATCH = new Symbol("batch", 9);

  /**
   * A case ready to run.
   *
   * @param arguments the buffers of the inputs, in order, and last the output's
   * @param expected the output, computed by plain loops in double
   * @param terms how many products are added for one element of it
   */
  public record Prepared(
      Lowered lowered,
      List<Buffer> arguments,
      List<float[]> inputs,
      double[] expected,
      double terms) {
    public Prepared {
      arguments = List.copyOf(arguments);
      inputs = List.copyOf(inputs);
    }

    /** The largest difference allowed: inputs are below 1, sums grow like a random walk. */
    public double tolerance() {
      return 4e-6 * Math.sqrt(terms + 1);
    }
  }

  @Override
  public String toString() {
    return switch (hardware) {
      case Target target -> name + ", " + target.vectorLanes() + " lanes";
      case Gpu gpu ->
          name
              + ", gpu, "
              + gpu.precision()
              + (gpu.leastForWarpgroups() == 0 ? ", warpgroups" : "")
              + (gpu.leastForPacking() == 0 ? ", packed" : "");
    };
  }
}
