package modelc.passes.fuse;

import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
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
 * @param stages of rows: the groups whose loops run over the same rows, in order; else none
 */
public record Group(
    Kind kind,
    List<Value> leads,
    Set<Value> members,
    List<Value> stored,
    Set<Origin> origins,
    List<Group> stages) {
  public Group {
    leads = List.copyOf(leads);
    members = Set.copyOf(members);
    stored = List.copyOf(stored);
    origins = Set.copyOf(origins);
    stages = List.copyOf(stages);
  }

  public Group(
      Kind kind, List<Value> leads, Set<Value> members, List<Value> stored, Set<Origin> origins) {
    this(kind, leads, members, stored, origins, List.of());
  }

  /** One group of the stages, which stores {@code stored} of what they store. */
  public static Group rows(List<Group> stages, Predicate<Value> stored) {
    return new Group(
        Kind.ROWS,
        stages.stream().flatMap(g -> g.leads().stream()).toList(),
        stages.stream().flatMap(g -> g.members().stream()).collect(Collectors.toSet()),
        stages.stream().flatMap(g -> g.stored().stream()).filter(stored).toList(),
        stages.stream().flatMap(g -> g.origins().stream()).collect(Collectors.toSet()),
        stages);
  }

  /** How a group's loops are made. */
  public enum Kind {
    /** Elements are computed independently of each other. */
    MAP,
    /** Axes are reduced away. */
    REDUCE,
    /** Reductions along the same rows and what is computed of their elements, on a GPU. */
    ROWS,
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
