package modelc.passes.fuse;

import java.util.List;
import java.util.Set;
import modelc.ir.Origin;
import modelc.ir.tensor.Value;

/**
 * Values computed together, by one kernel or a few: what fusion decides and lowering writes.
 *
 * @param kind how its loops are made
 * @param leads the values that shape the loops: of a map its results, of a reduction the reduced
 *     values
 * @param members leads and values computed from their elements in registers; no other group
 *     computes them
 * @param stored those members that need memory: others read them, or they are results of the entry
 * @param origins of all values computed here
 */
public record Group(
    Kind kind, List<Value> leads, Set<Value> members, List<Value> stored, Set<Origin> origins) {
  public Group {
    leads = List.copyOf(leads);
    members = Set.copyOf(members);
    stored = List.copyOf(stored);
    origins = Set.copyOf(origins);
  }

  /** How a group's loops are made. */
  public enum Kind {
    /** Elements are computed independently of each other. */
    MAP,
    /** Axes are reduced away. */
    REDUCE,
    /** Windows too large to write out are reduced. */
    WINDOW,
    /** Elements along an axis are computed one after the other, each from the one before. */
    CUMULATIVE,
    /** A dot_general or a convolution. */
    CONTRACTION,
    SELECT_AND_SCATTER,
    SCATTER,
    CONCATENATE,
    /** The numbers of dense constants. */
    TABLE
  }

  public Value lead() {
    return leads.getFirst();
  }
}
