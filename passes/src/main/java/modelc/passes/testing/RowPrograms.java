package modelc.passes.testing;

import java.util.List;
import java.util.OptionalInt;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.ReduceFn;
import modelc.ir.Shape;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Value;

/**
 * Programs that reduce along rows more than once: an entry {@code main} from {@code x} to {@code
 * y}, whose first axis is run-time.
 */
public final class RowPrograms {
  private final Builder b = new Builder();
  private final Symbol batch;
  private final Shape shape;
  private final Value x;

  private RowPrograms(long maxBatch, long heads, long length) {
    batch = new Symbol("batch", maxBatch);
    shape = new Shape(List.of(Dim.of(batch), Dim.of(heads), Dim.of(length)));
    x = b.parameter("x", new TensorType(DType.F32, shape));
  }

  /** The size of the first axis of one of these programs. */
  public static Symbol batch(Program program) {
    return program.entry("main").arguments().getFirst().value().type().dim(0).symbols().getFirst();
  }

  /** Softmax along the last axis. */
  public static Program softmax(long maxBatch, long heads, long length) {
    return new RowPrograms(maxBatch, heads, length).softmax();
  }

  /** Mean 0 and variance 1 along the last axis. */
  public static Program normalization(long maxBatch, long heads, long length) {
    return new RowPrograms(maxBatch, heads, length).normalization();
  }

  private Program softmax() {
    Value greatest = along(b.reduce(ReduceFn.MAXIMUM, List.of(2), x));
    Value e = b.unary(UnaryFn.EXP, b.subtract(x, greatest));
    return program(b.divide(e, along(b.sum(List.of(2), e))));
  }

  private Program normalization() {
    Value n = b.constantLike(b.sum(List.of(2), x), (double) shape.dim(2).max());
    Value mean = b.divide(b.sum(List.of(2), x), n);
    Value d = b.subtract(x, along(mean));
    Value variance = b.divide(b.sum(List.of(2), b.multiply(d, d)), n);
    Value scale = b.unary(UnaryFn.RSQRT, b.add(variance, b.constantLike(variance, 1e-5)));
    return program(b.multiply(d, along(scale)));
  }

  /** The same for each element of a row. */
  private Value along(Value perRow) {
    return b.broadcast(shape, List.of(0, 1), perRow);
  }

  private Program program(Value y) {
    var argument = new Entry.Argument("x", Entry.Kind.INPUT, x);
    var result = new Entry.Result("y", Entry.Kind.OUTPUT, y, OptionalInt.empty());
    return new Program("rows", List.of(new Entry("main", List.of(argument), List.of(result))));
  }
}
