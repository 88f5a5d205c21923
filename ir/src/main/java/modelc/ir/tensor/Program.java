package modelc.ir.tensor;

import java.util.List;
import java.util.NoSuchElementException;

/** A compiled model: its name and its entries. */
public record Program(String model, List<Entry> entries) {
  public Program {
    entries = List.copyOf(entries);
  }

  /**
   * The entry of that name.
   *
   * @throws NoSuchElementException if there is none
   */
  public Entry entry(String name) {
    return entries.stream()
        .filter(e -> e.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new NoSuchElementException("model " + model + " has no entry " + name));
  }

  /**
   * The same model with these entries alone, in this order: what is not called need not be
   * compiled.
   *
   * @throws NoSuchElementException if there is none of a name
   */
  public Program only(List<String> names) {
    return new Program(model, names.stream().map(this::entry).toList());
  }
}
