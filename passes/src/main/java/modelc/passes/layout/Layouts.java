package modelc.passes.layout;

import java.util.Map;
import modelc.ir.tensor.Value;

/**
 * The layout of every value of an entry: a side table, for Tensor IR types say nothing of memory.
 */
public record Layouts(Map<Value, Layout> notCanonical) {
  public Layouts {
    notCanonical = Map.copyOf(notCanonical);
  }

  public Layout of(Value v) {
    Layout l = notCanonical.get(v);
    return l == null ? Layout.canonical(v.type().rank()) : l;
  }
}
