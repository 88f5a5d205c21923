package modelc.passes.autodiff;

import modelc.ir.tensor.Window;

/**
 * The padding along one axis that makes the gradient of a windowed op a windowed op itself.
 * Negative amounts crop: they come up where a window's stride leaves elements of the padded input
 * unread, and where padding exceeds the window.
 */
record Padding(long low, long high) {
  /**
   * For the gradient with respect to the input: windows slide over the cotangent, whose elements
   * lie the stride apart, at the input's dilation.
   */
  static Padding ofInputGradient(Window w, int axis, long in, long out) {
    long window = dilated(w.size().get(axis), w.windowDilation().get(axis));
    long low = window - 1 - w.padLow().get(axis);
    long cotangent = dilated(out, w.stride().get(axis));
    return new Padding(low, dilated(in, w.baseDilation().get(axis)) + window - 1 - cotangent - low);
  }

  /**
   * For the gradient with respect to the kernel: the cotangent, its elements the stride apart,
   * slides over the input at the window's dilation.
   */
  static Padding ofKernelGradient(Window w, int axis, long in, long out) {
    long window = dilated(w.size().get(axis), w.windowDilation().get(axis));
    long low = w.padLow().get(axis);
    long cotangent = dilated(out, w.stride().get(axis));
    return new Padding(low, cotangent + window - 1 - dilated(in, w.baseDilation().get(axis)) - low);
  }

  private static long dilated(long n, long dilation) {
    return n == 0 ? 0 : Math.addExact(Math.multiplyExact(n - 1, dilation), 1);
  }
}
