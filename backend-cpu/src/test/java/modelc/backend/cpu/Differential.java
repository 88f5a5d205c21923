package modelc.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import modelc.ir.DType;
import modelc.ir.Symbol;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopInterpreter;
import modelc.ir.loop.LoopPrinter;
import modelc.ir.loop.Memory;

/**
 * Runs a kernel in the interpreter and as machine code, for this machine and for AVX2, and compares
 * what they wrote.
 */
final class Differential {
  private static final double[] SPECIAL = {
    0.0,
    -0.0,
    1,
    -1,
    0.5,
    2.5,
    -2.5,
    3,
    7,
    -7,
    31,
    32,
    33,
    63,
    64,
    1e10,
    -1e10,
    1e20,
    -1e20,
    1e-40,
    3.4e38,
    -88,
    88,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    Double.NaN
  };

  private Differential() {}

  /**
   * @param ulps how far float results may be apart, in units of their last place
   * @param threads the numbers of threads to run with
   */
  static void check(
      Kernel kernel, double ulps, Map<Symbol, Long> symbols, int[] threads, Memory... arguments) {
    Memory[] expected = copies(arguments);
    LoopInterpreter.run(kernel, List.of(expected), symbols);
    for (Machine machine : Machines.both()) {
      try (var runner = NativeRunner.of(kernel, machine)) {
        for (int t : threads) {
          Memory[] actual = copies(arguments);
          runner.run(List.of(actual), symbols, t);
          for (int a = 0; a < actual.length; a++) {
            compare(kernel, kernel.parameters().get(a).name(), expected[a], actual[a], ulps);
          }
        }
      }
    }
  }

  static void check(Kernel kernel, double ulps, Memory... arguments) {
    check(kernel, ulps, Map.of(), new int[] {1}, arguments);
  }

  private static Memory[] copies(Memory... arguments) {
    var copies = new Memory[arguments.length];
    for (int i = 0; i < copies.length; i++) {
      copies[i] = arguments[i].copy();
    }
    return copies;
  }

  private static void compare(
      Kernel kernel, String name, Memory expected, Memory actual, double ulps) {
    for (long i = 0; i < expected.size(); i++) {
      if (!expected.isDefined(i)) {
        continue;
      }
      boolean same =
          expected.dtype().isFloat()
              ? close(expected.dtype(), expected.get(i), actual.get(i), ulps)
              : expected.getLong(i) == actual.getLong(i);
      if (!same) {
        assertThat(actual.get(i))
            .as("%s[%d] of\n%s", name, i, LoopPrinter.print(kernel))
            .isEqualTo(expected.get(i));
      }
    }
  }

  /** Signs of zeros are not compared: maximum and minimum may return either. */
  private static boolean close(DType dtype, double x, double y, double ulps) {
    if (x == y || Double.isNaN(x) && Double.isNaN(y)) {
      return true;
    }
    double unit = dtype == DType.F32 ? Math.ulp((float) x) : Math.ulp(x);
    return Math.abs(x - y) <= ulps * unit;
  }

  /** Numbers of that type: special ones, and small ones where {@code small}, else random bits. */
  static Memory numbers(DType dtype, int size, long seed, boolean small) {
    var random = new SplittableRandom(seed);
    var m = Memory.undefined(dtype, size);
    for (int i = 0; i < size; i++) {
      int kind = random.nextInt(4);
      switch (dtype) {
        case F32, F64 -> {
          double special = SPECIAL[random.nextInt(SPECIAL.length)];
          m.set(i, kind == 0 && !small ? special : (random.nextDouble() - 0.5) * 8);
        }
        case I32, I64 -> {
          long wide = dtype == DType.I32 ? random.nextInt() : random.nextLong();
          long least = dtype == DType.I32 ? Integer.MIN_VALUE : Long.MIN_VALUE;
          long few = random.nextInt(80) - 8;
          m.setLong(
              i,
              small || kind == 0
                  ? few
                  : kind == 1 ? (random.nextBoolean() ? least : ~least) : wide);
        }
        case BOOL -> m.setLong(i, random.nextInt(2));
      }
    }
    return m;
  }
}
