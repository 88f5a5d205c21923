package modelc.runtime;

import java.util.List;

/**
 * A named part of every sample of a data set.
 *
 * @param shape of one sample, without the batch axis
 */
public record Column(String name, ElementType type, List<Long> shape) {
  public Column {
    shape = List.copyOf(shape);
  }

  /** Bytes one sample takes. */
  public long bytes() {
    return Tensor.bytes(type, shape);
  }

  @Override
  public String toString() {
    return name + ": " + type + Tensor.text(shape);
  }
}
