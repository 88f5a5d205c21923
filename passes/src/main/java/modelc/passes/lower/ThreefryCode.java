package modelc.passes.lower;

import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.loop.Expr;

/**
 * Threefry-2x32 with 20 rounds as I32 expressions, for {@code RandomBits} (Salmon et al., "Parallel
 * random numbers: as easy as 1, 2, 3", SC'11).
 *
 * <p>The function itself, in Java, is {@link modelc.ir.Threefry}'s; tests hold the two together.
 */
final class ThreefryCode {
  private static final int[] ROTATIONS = {13, 15, 26, 6, 17, 29, 16, 24};
  private static final int ROUNDS = 20;
  private static final int PARITY = 0x1BD11BDA;

  private ThreefryCode() {}

  static Expr word0(Scope scope, Expr key0, Expr key1, Expr counter0, Expr counter1) {
    Expr parity = Pull.constant(DType.I32, PARITY);
    Expr key2 = scope.let("k", xor(parity, scope.let("k", xor(key0, key1))));
    Expr[] keys = {key0, key1, key2};
    Expr x = scope.let("x", add(counter0, key0));
    Expr y = scope.let("y", add(counter1, key1));
    for (int round = 0; round < ROUNDS; round++) {
      x = scope.let("x", add(x, y));
      y = scope.let("y", xor(rotate(scope, y, ROTATIONS[round % 8]), x));
      if (round % 4 == 3) {
        int injection = round / 4 + 1;
        x = scope.let("x", add(x, keys[injection % 3]));
        Expr k =
            scope.let("k", add(keys[(injection + 1) % 3], Pull.constant(DType.I32, injection)));
        y = scope.let("y", add(y, k));
      }
    }
    return x;
  }

  private static Expr rotate(Scope scope, Expr x, int by) {
    Expr left = Pull.binary(BinaryFn.SHIFT_LEFT, x, Pull.constant(DType.I32, by));
    Expr right = Pull.binary(BinaryFn.SHIFT_RIGHT_LOGICAL, x, Pull.constant(DType.I32, 32 - by));
    return scope.let("y", Pull.binary(BinaryFn.OR, scope.let("l", left), scope.let("r", right)));
  }

  private static Expr add(Expr x, Expr y) {
    return Pull.binary(BinaryFn.ADD, x, y);
  }

  private static Expr xor(Expr x, Expr y) {
    return Pull.binary(BinaryFn.XOR, x, y);
  }
}
