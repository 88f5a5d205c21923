package modelc.passes.fuse;

import java.util.List;
import modelc.ir.tensor.Entry;
import modelc.passes.layout.Layouts;

/**
 * An entry cut into groups.
 *
 * @param groups in an order in which each comes after those it reads from
 */
public record FusedEntry(Entry entry, Layouts layouts, List<Group> groups) {
  public FusedEntry {
    groups = List.copyOf(groups);
  }
}
