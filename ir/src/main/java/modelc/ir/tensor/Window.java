package modelc.ir.tensor;

import java.util.Collections;
import java.util.List;

/**
 * A sliding window over axes: of a convolution its spatial axes, of a pooling all axes. Units are
 * elements; padding may be negative (cropping); output size {@code (dilated(in) + low + high -
 * dilated(size)) / stride + 1}, floored, where {@code dilated(n) = n == 0 ? 0 : (n - 1) * dilation
 * + 1} (StableHLO).
 */
public record Window(
    List<Long> size,
    List<Long> stride,
    List<Long> padLow,
    List<Long> padHigh,
    List<Long> baseDilation,
    List<Long> windowDilation) {
  public Window {
    size = List.copyOf(size);
    stride = List.copyOf(stride);
    padLow = List.copyOf(padLow);
    padHigh = List.copyOf(padHigh);
    baseDilation = List.copyOf(baseDilation);
    windowDilation = List.copyOf(windowDilation);
  }

  /** A window of that size: stride 1, no padding, no dilation. */
  public static Window of(List<Long> size) {
    List<Long> ones = Collections.nCopies(size.size(), 1L);
    List<Long> zeros = Collections.nCopies(size.size(), 0L);
    return new Window(size, ones, zeros, zeros, ones, ones);
  }

  public int rank() {
    return size.size();
  }

  public Window withStride(List<Long> stride) {
    return new Window(size, stride, padLow, padHigh, baseDilation, windowDilation);
  }

  public Window withPadding(List<Long> low, List<Long> high) {
    return new Window(size, stride, low, high, baseDilation, windowDilation);
  }

  public Window withBaseDilation(List<Long> dilation) {
    return new Window(size, stride, padLow, padHigh, dilation, windowDilation);
  }

  public Window withWindowDilation(List<Long> dilation) {
    return new Window(size, stride, padLow, padHigh, baseDilation, dilation);
  }

  /**
   * The output size along {@code axis} for an input of {@code in}; 0 when the window does not fit
   * once.
   */
  public long outputSize(int axis, long in) {
    long base = dilated(in, baseDilation.get(axis));
    long padded = Math.addExact(Math.addExact(base, padLow.get(axis)), padHigh.get(axis));
    long window = dilated(size.get(axis), windowDilation.get(axis));
    return padded < window || padded <= 0 ? 0 : (padded - window) / stride.get(axis) + 1;
  }

  private static long dilated(long n, long dilation) {
    return n == 0 ? 0 : Math.addExact(Math.multiplyExact(n - 1, dilation), 1);
  }
}
