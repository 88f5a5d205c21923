package modelc.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * An argument of an entry, or a result with memory of its own: what compiled code has a place of.
 */
record EntrySlot(String name, Kind kind, ElementType type, List<DimSpec> shape) {
  /** All of an entry, in native order. */
  static List<EntrySlot> of(EntrySpec e) {
    var slots = new ArrayList<EntrySlot>();
    e.arguments().forEach(a -> slots.add(new EntrySlot(a.name(), a.kind(), a.type(), a.shape())));
    e.ownResults().forEach(r -> slots.add(new EntrySlot(r.name(), r.kind(), r.type(), r.shape())));
    return slots;
  }

  /** Its size where {@code valueOf} gives each symbol's value. */
  long bytes(ToLongFunction<String> valueOf) {
    return DimSpec.elements(shape, valueOf) * type.bytes();
  }
}
