package modelc.data;

import java.util.List;

/** What lies around a picture where a transform looks beyond its edge. */
enum Border {
  /** Black, and class 0 of a mask. */
  ZERO,
  /** The nearest pixel of the edge. */
  EDGE,
  /** The picture mirrored at its outermost pixels, which are not repeated. */
  REFLECT;

  static final List<String> WORDS = List.of("zero", "edge", "reflect");

  static Border of(String word) {
    return values()[WORDS.indexOf(word)];
  }

  /** Which of {@code n} pixels stands at place {@code i}; below 0 if none. */
  int inside(int i, int n) {
    if (i >= 0 && i < n) {
      return i;
    }
    return switch (this) {
      case ZERO -> -1;
      case EDGE -> i < 0 ? 0 : n - 1;
      case REFLECT -> {
        if (n == 1) {
          yield 0;
        }
        int period = 2 * (n - 1);
        int m = Math.floorMod(i, period);
        yield m < n ? m : period - m;
      }
    };
  }
}
