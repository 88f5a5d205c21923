package modelc.backend.gpu;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import modelc.backend.llvm.KernelEmitter;
import modelc.ir.Origin;
import modelc.ir.Span;
import modelc.ir.loop.Kernel;

/**
 * Tells PTX which line of the `.model` file each kernel computes, by {@code .file} and {@code
 * .loc}: debuggers, profilers and the emulator name it. A kernel of several lines names the first.
 */
final class SourceLines {
  private static final String ENTRY = ".entry ";

  private SourceLines() {}

  /** {@code ptx} with the lines of {@code kernels}. */
  static String insert(String ptx, Collection<Kernel> kernels) {
    Map<String, Span> places = new HashMap<>();
    for (Kernel k : kernels) {
      place(k).ifPresent(s -> places.put(KernelEmitter.functionName(k).substring(1), s));
    }
    var files = new LinkedHashMap<String, Integer>();
    places.values().forEach(s -> files.putIfAbsent(s.file(), files.size() + 1));
    var out = new StringBuilder();
    Optional<Span> pending = Optional.empty();
    for (String line : ptx.lines().toList()) {
      out.append(line).append('\n');
      if (line.startsWith(".address_size")) {
        files.forEach(
            (file, n) -> out.append(".file\t" + n + " \"" + file.replace('"', '\'') + "\"\n"));
      }
      int entry = line.indexOf(ENTRY);
      if (entry >= 0) {
        String name = line.substring(entry + ENTRY.length()).split("\\(", 2)[0].strip();
        pending = Optional.ofNullable(places.get(name));
      }
      if (line.equals("{") && pending.isPresent()) {
        Span s = pending.get();
        out.append("\t.loc\t" + files.get(s.file()) + " " + s.line() + " " + s.column() + "\n");
        pending = Optional.empty();
      }
    }
    return out.toString();
  }

  private static Optional<Span> place(Kernel k) {
    return k.origins().stream()
        .map(Origin::user)
        .flatMap(Optional::stream)
        .min(
            Comparator.comparing(Span::file)
                .thenComparingInt(Span::line)
                .thenComparingInt(Span::column));
  }
}
