package modelc.examples;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The kernels of a module, and kernels with one mistake each: a barrier left out, an index one
 * element off, a comparison or a mask altered. It runs nothing.
 */
final class PtxMutants {
  /**
   * A mistake.
   *
   * @param number of the line in its kernel
   * @param ptx the module with only the kernel that has it
   * @param probe the module with only the kernel without it, which traps where the altered
   *     instruction would give another value; empty where it gives none
   */
  record Mutant(
      String kernel,
      Kind kind,
      int number,
      String line,
      String changed,
      String ptx,
      Optional<String> probe) {
    /** Whether it is the same mistake in a kernel of the same structure. */
    boolean isLike(Mutant other) {
      return kind == other.kind && number == other.number;
    }

    @Override
    public String toString() {
      return kernel + " " + kind + ": `" + line.strip() + "` as `" + changed.strip() + "`";
    }
  }

  /** What is altered. */
  enum Kind {
    /** Left out; so is where a thread waits for its copies, or ends a group of them. */
    BARRIER,
    /** An address one element further. */
    INDEX,
    /** Bits of an index that are masked, or lanes of a shuffle. */
    MASK,
    /** A comparison of integers that takes its boundary or does not, or is turned around. */
    PREDICATE,
    /** A branch or an instruction is taken when it should not be, and the reverse. */
    GUARD,
    /** A comparison of floats the other way round. */
    CHOICE
  }

  private static final Pattern ENTRY =
      Pattern.compile("(?ms)^\\.visible \\.entry (\\w+)\\(.*?^}\\n");
  private static final Pattern BARRIER =
      Pattern.compile("^\\s+(bar|barrier|cp\\.async\\.(wait|commit))");
  private static final Pattern ACCESS =
      Pattern.compile(
          "\\s(?:ld|st)\\.(?:shared|global|local)\\S*?(?:\\.v([24]))?\\.[a-z](8|16|32|64)\\s");
  private static final Pattern COPY =
      Pattern.compile("\\scp\\.async\\.c[ag]\\.\\S+\\s+\\[[^]]+], \\[[^]]+], (\\d+)");
  private static final Pattern ADDRESS = Pattern.compile("\\[([%$\\w]+)(?:\\+(-?\\d+))?]");
  private static final Pattern GUARD = Pattern.compile("@(!?)(%p\\d+)");
  private static final Pattern COMPARISON =
      Pattern.compile("setp\\.(eq|ne|lt|le|gt|ge|ltu|leu|gtu|geu|equ|neu)\\.([usfb]\\d+)");
  private static final Pattern MASK = Pattern.compile("(and\\.b(?:16|32|64) .*, )(-?\\d+);");
  private static final Pattern LANES = Pattern.compile("(shfl\\.\\S+\\s*\\S+, \\S+, )(\\d+),");
  private static final Pattern LOGIC = Pattern.compile("(and|or)\\.pred");
  private static final Pattern VALUE =
      Pattern.compile("^\\s*(?!st\\.)[a-z][\\w.]*\\s+(%(p|rs|rd|r|fd|f)\\d+)[,|]");

  private static final Map<String, String> TYPES =
      Map.of("rs", "b16", "r", "b32", "f", "b32", "rd", "b64", "fd", "b64", "p", "pred");

  private static final Map<String, String> BOUNDARY =
      Map.of("lt", "le", "le", "lt", "gt", "ge", "ge", "gt", "eq", "ne", "ne", "eq");

  private static final Map<String, String> REVERSE =
      Map.of("lt", "gt", "le", "ge", "gt", "lt", "ge", "le", "eq", "ne", "ne", "eq");

  private final String header;
  private final Map<String, String> kernels = new LinkedHashMap<>();

  PtxMutants(String ptx) {
    Matcher m = ENTRY.matcher(ptx);
    var others = new StringBuilder();
    int end = 0;
    while (m.find()) {
      others.append(ptx, end, m.start());
      kernels.put(m.group(1), m.group());
      end = m.end();
    }
    header = others.append(ptx, end, ptx.length()).toString();
  }

  /**
   * A kernel's text without names, numbers of registers and constants: equal for kernels that do
   * the same to tensors of different sizes.
   */
  String structure(String kernel) {
    return kernels
        .get(kernel)
        .replaceAll("\\n\\s*\\.loc[^\\n]*", "")
        .replaceAll("[$%]?\\b[A-Za-z_$][\\w$]*_(param_\\d+|[a-z]+\\d+)\\b", "name")
        .replace(kernel, "k")
        .replaceAll("\\$L__BB\\w+", "L")
        .replaceAll("0[fd][0-9A-F]+|(?<![\\w.%])-?\\d+", "n");
  }

  /** All mutants of a kernel. */
  List<Mutant> of(String kernel) {
    String[] lines = kernels.get(kernel).split("\n", -1);
    var mutants = new ArrayList<Mutant>();
    int number = 0;
    for (int i = 0; i < lines.length; i++) {
      String line = lines[i];
      // Not every kernel has a line that tells its source.
      number += line.contains(".loc\t") ? 0 : 1;
      for (Map.Entry<Kind, String> change : changes(line)) {
        lines[i] = change.getValue();
        String ptx = header + String.join("\n", lines);
        Optional<String> probe = probe(line, change.getValue());
        if (probe.isPresent()) {
          lines[i] = probe.get();
          probe = Optional.of(header + String.join("\n", lines));
        }
        mutants.add(
            new Mutant(kernel, change.getKey(), number, line, change.getValue(), ptx, probe));
      }
      lines[i] = line;
    }
    return mutants;
  }

  /** The line, after which a trap is where the changed one would give another value. */
  private static Optional<String> probe(String line, String changed) {
    Matcher value = VALUE.matcher(changed);
    if (!value.find()) {
      return Optional.empty();
    }
    String register = value.group(1);
    String type = TYPES.get(value.group(2));
    String other = changed.substring(0, value.start(1)) + "other" + changed.substring(value.end(1));
    String differs = type.equals("pred") ? "xor.pred" : "setp.ne." + type;
    return Optional.of(
        "{ .reg .pred differ; .reg ."
            + type
            + " other;\n"
            + other
            + "\n"
            + line
            + "\n"
            + differs
            + " differ, "
            + register
            + ", other;\n@differ trap; }");
  }

  private static List<Map.Entry<Kind, String>> changes(String line) {
    var changes = new ArrayList<Map.Entry<Kind, String>>();
    if (BARRIER.matcher(line).find()) {
      changes.add(Map.entry(Kind.BARRIER, ""));
    }
    Matcher access = ACCESS.matcher(line);
    Matcher address = ADDRESS.matcher(line);
    if (access.find() && address.find()) {
      long vector = access.group(1) == null ? 1 : Long.parseLong(access.group(1));
      long bytes = vector * Long.parseLong(access.group(2)) / 8;
      changes.add(Map.entry(Kind.INDEX, moved(line, address, bytes)));
    }
    Matcher copy = COPY.matcher(line);
    if (copy.find()) {
      while (address.find()) {
        changes.add(Map.entry(Kind.INDEX, moved(line, address, Long.parseLong(copy.group(1)))));
      }
    }
    Matcher guard = GUARD.matcher(line);
    if (guard.find()) {
      String turned = "@" + (guard.group(1).isEmpty() ? "!" : "") + guard.group(2);
      changes.add(Map.entry(Kind.GUARD, replaced(line, guard, turned)));
    }
    Matcher comparison = COMPARISON.matcher(line);
    if (comparison.find()) {
      boolean whole = !comparison.group(2).startsWith("f");
      Map<String, String> others = whole ? BOUNDARY : REVERSE;
      String other = others.get(comparison.group(1).replaceAll("u$", ""));
      String altered = "setp." + other + "." + comparison.group(2);
      changes.add(
          Map.entry(whole ? Kind.PREDICATE : Kind.CHOICE, replaced(line, comparison, altered)));
    }
    Matcher mask = MASK.matcher(line);
    if (mask.find()) {
      long altered = Long.parseLong(mask.group(2)) >> 1;
      changes.add(Map.entry(Kind.MASK, replaced(line, mask, mask.group(1) + altered + ";")));
    }
    Matcher lanes = LANES.matcher(line);
    if (lanes.find()) {
      // Not ^ 1: with 17 instead of 16 a butterfly still visits every lane.
      long altered = Long.parseLong(lanes.group(2)) / 2;
      changes.add(Map.entry(Kind.MASK, replaced(line, lanes, lanes.group(1) + altered + ",")));
    }
    Matcher logic = LOGIC.matcher(line);
    if (logic.find()) {
      String other = logic.group(1).equals("and") ? "or" : "and";
      changes.add(Map.entry(Kind.PREDICATE, replaced(line, logic, other + ".pred")));
    }
    return changes;
  }

  private static String moved(String line, Matcher address, long bytes) {
    long from = address.group(2) == null ? 0 : Long.parseLong(address.group(2));
    return replaced(line, address, "[" + address.group(1) + "+" + (from + bytes) + "]");
  }

  private static String replaced(String line, Matcher part, String by) {
    return line.substring(0, part.start()) + by + line.substring(part.end());
  }
}
