package modelc.frontend.diagnostic;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The texts read so far, by the names their spans carry: what the renderer quotes from. */
public final class Sources {
  private final Map<String, List<String>> lines = new HashMap<>();

  /** Keeps {@code text} as what {@code file} says. */
  public void add(String file, String text) {
    lines.put(file, text.lines().toList());
  }

  /** The line, from 1, or an empty text where there is none. */
  public String line(String file, int line) {
    List<String> all = lines.getOrDefault(file, List.of());
    return line >= 1 && line <= all.size() ? all.get(line - 1) : "";
  }
}
