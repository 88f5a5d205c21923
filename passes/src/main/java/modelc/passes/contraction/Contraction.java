package modelc.passes.contraction;

import modelc.ir.loop.Buffer;
import modelc.passes.Gpu;
import modelc.passes.Hardware;
import modelc.passes.Target;

/**
 * Lowers the contractions worth kernels of their own, each to register-tiled kernels: with packed
 * operands on CPUs, see {@link MicroKernel}, with shared memory on GPUs, see {@link GpuProduct}.
 * Everything stays a contraction of f32: other types and forms are lowered as plain loops
 * elsewhere.
 *
 * <p>Every result depends on shapes and values alone, not on the number of threads. Kernel and
 * scratch names begin with the given name.
 */
public final class Contraction {
  private Contraction() {}

  /** A batch of matrix products; the epilogue's indices are {@code [batch, m, n]}. */
  public static Lowered matmul(String name, Matmul product, Epilogue epilogue, Hardware hardware) {
    return switch (hardware) {
      case Target target -> MatmulKernels.lower(name, product, epilogue, target);
      case Gpu gpu -> GpuContractions.matmul(name, product, epilogue).lower(gpu);
    };
  }

  /**
   * A convolution; the epilogue's indices are {@code [n, oh, ow, k]}.
   *
   * @param x {@code [n][h][w][groups*c]}
   * @param w {@code [k][c][r][s]}
   */
  public static Lowered convForward(
      String name, ConvShape shape, Buffer x, Buffer w, Epilogue epilogue, Hardware hardware) {
    return switch (hardware) {
      case Target target -> ConvForward.lower(name, shape, x, w, epilogue, target);
      case Gpu gpu -> GpuContractions.forward(name, shape, x, w, epilogue).lower(gpu);
    };
  }

  /**
   * The gradient of a convolution by its input: along each spatial axis, {@code dx[i] = sum over t
   * of dy[(i + t*dilation + offset) / stride] * w[R-1-t]} over the taps where it divides; with
   * reversal {@code w[t]}. The epilogue's indices are {@code [n, h, w, c]}.
   *
   * <p>Taps outside {@code dy} contribute nothing: it may be padded with zeros so that there are
   * none, or not, with offsets that may be negative; {@link #prefersUnpadded} says which is
   * quicker.
   *
   * @param dy {@code [n][dyH][dyW][k]}
   * @param w {@code [k][c][r][s]}
   */
  public static Lowered convInputGradient(
      String name,
      ConvShape shape,
      Buffer dy,
      long dyH,
      long dyW,
      long offsetH,
      long offsetW,
      Buffer w,
      Epilogue epilogue,
      Hardware hardware) {
    return switch (hardware) {
      case Target target ->
          ConvInputGradient.lower(name, shape, dy, dyH, dyW, offsetH, offsetW, w, epilogue, target);
      case Gpu gpu -> {
        var gradient = new GpuContractions.Gradient(dyH, dyW, offsetH, offsetW);
        yield GpuContractions.inputGradient(name, shape, dy, gradient, w, epilogue).lower(gpu);
      }
    };
  }

  /**
   * Whether the input gradient is quicker with the output's gradient as it is, {@code
   * [n][oh][ow][k]}, than padded.
   *
   * @param offsetH the offset without padding: {@code padding - (r-1)*dilationH}
   * @param offsetW likewise
   */
  public static boolean prefersUnpadded(ConvShape shape, long offsetH, long offsetW) {
    return ConvInputGradient.prefersUnpadded(shape, offsetH, offsetW);
  }

  /**
   * The gradient of a convolution by its weights; the epilogue's indices are {@code [k, c, r, s]},
   * one lane at a time.
   *
   * @param x {@code [n][h][w][groups*c]}
   * @param dy {@code [n][oh][ow][k]}
   */
  public static Lowered convWeightGradient(
      String name, ConvShape shape, Buffer x, Buffer dy, Epilogue epilogue, Hardware hardware) {
    return switch (hardware) {
      case Target target -> ConvWeightGradient.lower(name, shape, x, dy, epilogue, target);
      case Gpu gpu -> GpuContractions.weightGradient(name, shape, x, dy, epilogue).lower(gpu);
    };
  }
}
