package modelc.ir.tensor;

import modelc.ir.Origin;
import modelc.ir.TensorType;

/**
 * One value of Tensor IR: the result of one op. It has identity; equality is identity, so that an
 * op's record equality over its operands is the key of value numbering.
 *
 * <p>Values are made by {@link Builder} alone, which types them.
 */
public final class Value {
  private final TensorType type;
  private final Op op;
  private final Origin origin;

  Value(TensorType type, Op op, Origin origin) {
    this.type = type;
    this.op = op;
    this.origin = origin;
  }

  public TensorType type() {
    return type;
  }

  public Op op() {
    return op;
  }

  public Origin origin() {
    return origin;
  }

  /** For debugging only; the text form is {@link Printer}'s. */
  @Override
  public String toString() {
    return op.getClass().getSimpleName() + ":" + type;
  }
}
