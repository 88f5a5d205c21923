package modelc.frontend.elaborate;

import java.nio.charset.StandardCharsets;
import java.util.List;
import modelc.frontend.diagnostic.Code;
import modelc.ir.BinaryFn;
import modelc.ir.DType;
import modelc.ir.Shape;
import modelc.ir.Span;
import modelc.ir.TensorType;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Value;

/**
 * Random numbers as a pure function of what they are for: the key is folded from the seed, the
 * step, and a hash of the layer's path, its application and the draw in it; each element is the
 * cipher of its own index.
 */
final class Randoms {
  private final Context context;

  Randoms(Context context) {
    this.context = context;
  }

  /** Uniform in [0, 1), multiples of 2^-24. */
  Val uniform(Val.ListVal sizes, Patterns patterns, Span place) {
    Shape shape = patterns.shape(sizes, place);
    Phase.Kind phase = context.phase().kind;
    if (phase != Phase.Kind.INIT && phase != Phase.Kind.TRAIN) {
      throw context.error(
          Code.NOT_IN_THIS_PHASE,
          place,
          "random numbers are drawn in initialisers and while training only",
          "",
          "put it under `if training { ... }`");
    }
    String draw = context.nextDraw();
    Value v =
        context.emit(
            place,
            () -> {
              Builder b = context.builder();
              Value bits = b.randomBits(shape, key(draw, phase == Phase.Kind.TRAIN));
              Value high = b.binary(BinaryFn.SHIFT_RIGHT_LOGICAL, bits, b.constantLike(bits, 8));
              Value real = b.convert(DType.F32, high);
              return b.multiply(real, b.constantLike(real, 0x1p-24));
            });
    return new Val.Tensor(v, Patterns.axisNames(sizes));
  }

  private Value key(String draw, boolean ofStep) {
    Builder b = context.builder();
    TensorType words = TensorType.of(DType.I32, 2);
    Value key = context.phase().argument("seed", Entry.Kind.SCALAR, words);
    if (ofStep) {
      Value step =
          context.phase().argument("step", Entry.Kind.SCALAR, TensorType.scalar(DType.F64));
      Value number = b.reshape(Shape.of(1), b.convert(DType.I32, step));
      key = fold(b, key, b.pad(List.of(0L), List.of(1L), List.of(0L), 0, number));
    }
    long hash = hash(draw);
    return fold(b, key, b.dense(words, List.of((double) (int) hash, (double) (int) (hash >>> 32))));
  }

  /** A new key: two words of the cipher under the old one mixed with {@code words}. */
  private static Value fold(Builder b, Value key, Value words) {
    return b.randomBits(Shape.of(2), b.binary(BinaryFn.XOR, key, words));
  }

  /** FNV-1a, 64 bits. */
  static long hash(String text) {
    long h = 0xcbf29ce484222325L;
    for (byte c : text.getBytes(StandardCharsets.UTF_8)) {
      h = (h ^ (c & 0xff)) * 0x100000001b3L;
    }
    return h;
  }
}
