package modelc.ir.tensor;

import java.util.List;

/**
 * A pure function: values whose op is {@link Op.Parameter}, and the results computed from them. The
 * body is the graph reachable from the results; nothing else exists.
 */
public record Function(String name, List<Value> parameters, List<Value> results) {
  public Function {
    parameters = List.copyOf(parameters);
    results = List.copyOf(results);
  }
}
