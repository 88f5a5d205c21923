package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.div;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.max;
import static modelc.ir.loop.LoopBuilder.min;
import static modelc.ir.loop.LoopBuilder.mul;
import static modelc.ir.loop.LoopBuilder.sub;

import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;

/**
 * A sliding window along one spatial axis: output {@code i} takes tap {@code t} from input {@code
 * i*stride + origin + t*step}, and nothing where that is not an input.
 *
 * @param count outputs
 * @param size inputs
 * @param written where output 0 is written
 * @param writtenStep from one output to the next
 */
record Along(
    long count,
    long stride,
    long origin,
    long taps,
    long step,
    long size,
    long written,
    long writtenStep) {
  Along {
    if (step < 1 || stride < 1) {
      throw new IllegalArgumentException(
          "a window steps forward: stride " + stride + ", step " + step);
    }
  }

  /** Whether every tap of every output is an input. */
  boolean isInside() {
    return count == 0
        || taps == 0
        || (origin >= 0 && (count - 1) * stride + origin + (taps - 1) * step < size);
  }

  /** How many taps of all outputs together are inputs. */
  long products() {
    long products = 0;
    for (long i = 0; i < count; i++) {
      for (long t = 0; t < taps; t++) {
        long at = i * stride + origin + t * step;
        products += at >= 0 && at < size ? 1 : 0;
      }
    }
    return products;
  }

  /** Where the window of output {@code i} starts; it may be before the first input. */
  Expr start(Expr i) {
    return add(mul(i, index(stride)), index(origin));
  }

  /** Where output {@code i} is written. */
  Expr writtenAt(Expr i) {
    return add(mul(i, index(writtenStep)), index(written));
  }

  /** The taps of a window that are inputs. */
  record Range(Expr first, Expr count) {}

  Range inside(LoopBuilder b, Expr start) {
    if (isInside() || taps == 0) {
      return new Range(index(0), index(taps));
    }
    Expr before = max(sub(index(0), start), index(0));
    Expr room = max(sub(index(size), start), index(0));
    Expr first = b.let("first", min(div(add(before, index(step - 1)), step), index(taps)));
    Expr end = min(div(add(room, index(step - 1)), step), index(taps));
    return new Range(first, b.let("taps", max(sub(end, first), index(0))));
  }
}
