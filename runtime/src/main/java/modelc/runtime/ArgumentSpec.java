package modelc.runtime;

import java.util.List;

/** An argument of an entry: its place in the list is its place among the native arguments. */
public record ArgumentSpec(String name, Kind kind, ElementType type, List<DimSpec> shape) {
  public ArgumentSpec {
    shape = List.copyOf(shape);
  }
}
