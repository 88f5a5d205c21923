package modelc.backend.gpu;

import java.util.List;

/**
 * A program for a GPU.
 *
 * @param ptx one module with all kernels, each once
 */
public record GpuProgram(String ptx, List<GpuEntry> entries) {
  public GpuProgram {
    entries = List.copyOf(entries);
  }

  /** The launches of each entry, then the PTX. */
  public String text() {
    var out = new StringBuilder();
    entries.forEach(e -> out.append(LaunchList.print(e)).append("//\n"));
    return out.append(ptx).toString();
  }

  /**
   * The entry of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public GpuEntry entry(String name) {
    return entries.stream()
        .filter(e -> e.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no entry is called " + name));
  }
}
