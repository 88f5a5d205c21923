package modelc.passes;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import modelc.ir.Dim;
import modelc.ir.tensor.Window;

/**
 * Collects a random window, axis by axis, that fits each axis at least once. It leaves symbolic
 * axes alone.
 */
final class RandomWindow {
  final List<Long> size = new ArrayList<>();
  private final List<Long> stride = new ArrayList<>();
  private final List<Long> low = new ArrayList<>();
  private final List<Long> high = new ArrayList<>();
  private final List<Long> base = new ArrayList<>();
  private final List<Long> dilation = new ArrayList<>();
  private final Random random;

  RandomWindow(Random random) {
    this.random = random;
  }

  /** Adds the window along an axis of that size. */
  void axis(Dim dim) {
    boolean slides = dim.isConstant();
    while (true) {
      size.add(slides ? 1L + random.nextInt(3) : 1L);
      stride.add(slides ? 1L + random.nextInt(3) : 1L);
      low.add(slides ? random.nextInt(5) - 1L : 0L);
      high.add(slides ? random.nextInt(5) - 1L : 0L);
      base.add(slides && random.nextInt(4) == 0 ? 2L : 1L);
      dilation.add(slides && random.nextInt(4) == 0 ? 2L : 1L);
      int last = size.size() - 1;
      if (!slides || window().outputSize(last, dim.constant()) > 0) {
        return;
      }
      for (List<Long> list : List.of(size, stride, low, high, base, dilation)) {
        list.removeLast();
      }
    }
  }

  Window window() {
    return new Window(size, stride, low, high, base, dilation);
  }
}
