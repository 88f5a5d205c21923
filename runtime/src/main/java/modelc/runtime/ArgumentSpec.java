package modelc.runtime;

import java.util.List;
import java.util.Optional;

/**
 * An argument of an entry: its place in the list is its place among the native arguments.
 *
 * @param range of an input of integers by which the model picks: what it may hold. Compiled code
 *     does not look; {@link Trainer} and {@link Evaluator} do.
 */
public record ArgumentSpec(
    String name, Kind kind, ElementType type, List<DimSpec> shape, Optional<IndexRange> range) {
  public ArgumentSpec {
    shape = List.copyOf(shape);
  }

  /** An argument that may hold anything. */
  public ArgumentSpec(String name, Kind kind, ElementType type, List<DimSpec> shape) {
    this(name, kind, type, shape, Optional.empty());
  }
}
