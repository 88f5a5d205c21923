package modelc.runtime;

import java.util.List;
import java.util.Optional;

/**
 * What a {@link Device} runs of a model: the kernels, and of each entry the launches. Which memory
 * the entries work on is {@link DevicePlan}'s to say.
 *
 * @param modules the same kernels for devices of different ages
 * @param sm90a what devices of capability 9.0, and none that are newer, can run instead: other
 *     kernels for the same entries; empty where there is nothing to gain
 */
public record DeviceProgram(
    List<Module> modules, List<Entry> entries, Optional<DeviceProgram> sm90a) {
  public DeviceProgram {
    modules = List.copyOf(modules);
    entries = List.copyOf(entries);
  }

  public DeviceProgram(List<Module> modules, List<Entry> entries) {
    this(modules, entries, Optional.empty());
  }

  /**
   * Kernels as PTX.
   *
   * @param capability the compute capability of the oldest device it is for, e.g. 80 for 8.0
   */
  public record Module(int capability, String ptx) {}

  /**
   * The launches of an entry, each after the one before.
   *
   * @param arenaBytes what lives between launches, at the symbols' maxima
   */
  public record Entry(String name, long arenaBytes, List<Launch> launches) {
    public Entry {
      launches = List.copyOf(launches);
    }
  }

  /**
   * A launch of a kernel, whose parameters are buffers and then sizes, 64 bits each.
   *
   * @param grid blocks along x, y and z
   * @param sharedBytes of a block beyond what the code has of its own
   * @param sizes the symbols whose values it takes
   */
  public record Launch(
      String kernel,
      List<Blocks> grid,
      int threadsX,
      int threadsY,
      long sharedBytes,
      List<Place> buffers,
      List<String> sizes) {
    public Launch {
      grid = List.copyOf(grid);
      buffers = List.copyOf(buffers);
      sizes = List.copyOf(sizes);
    }
  }

  /** {@code items} in shares of {@code perBlock}, rounded up. */
  public record Blocks(DimSpec items, long perBlock) {}

  /** What a buffer of a kernel is. */
  public sealed interface Place {
    /** The entry's argument of that index, or a result that has memory of its own. */
    record Argument(int index) implements Place {}

    /** Bytes of the memory for what lives between launches. */
    record Arena(long from, DimSpec bytes) implements Place {}
  }

  /** Its JSON form, as libraries carry it: {@link #ofJson} reads it. */
  public String toJson() {
    return DeviceProgramText.of(this);
  }

  /**
   * Reads the JSON form.
   *
   * @return empty if {@code text} is none
   */
  public static Optional<DeviceProgram> ofJson(String text) {
    try {
      return Optional.of(DeviceProgramText.read(SpecText.object(Json.parse(text))));
    } catch (Json.Malformed | SpecText.Unexpected e) {
      return Optional.empty();
    }
  }

  /** The newest kernels that a device of a compute capability runs. */
  public Optional<Module> moduleFor(int capability) {
    return modules.stream()
        .filter(m -> m.capability() <= capability)
        .max(java.util.Comparator.comparingInt(Module::capability));
  }

  /** The names of all kernels, each once. */
  public List<String> kernels() {
    return entries.stream()
        .flatMap(e -> e.launches().stream())
        .map(Launch::kernel)
        .distinct()
        .toList();
  }

  Entry entry(String name) {
    return entries.stream()
        .filter(e -> e.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new DataException(
                    "R0909",
                    "the kernels of entry " + name + " are missing",
                    "compile the model again"));
  }
}
