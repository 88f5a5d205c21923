package modelc.runtime;

import java.util.List;

/**
 * What a session keeps between calls: a parameter, a state, or an optimizer's state of a parameter.
 */
public record Variable(String name, Kind kind, ElementType type, List<Long> shape) {
  public Variable {
    shape = List.copyOf(shape);
  }

  public long bytes() {
    return Tensor.bytes(type, shape);
  }

  @Override
  public String toString() {
    return name + ": " + type + Tensor.text(shape);
  }
}
