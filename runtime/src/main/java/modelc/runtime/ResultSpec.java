package modelc.runtime;

import java.util.List;

/**
 * A result of an entry.
 *
 * @param aliasOf the index of the argument whose memory it replaces, or -1: then it has native
 *     memory of its own, after the arguments
 */
public record ResultSpec(
    String name, Kind kind, ElementType type, List<DimSpec> shape, int aliasOf) {
  public ResultSpec {
    shape = List.copyOf(shape);
  }
}
