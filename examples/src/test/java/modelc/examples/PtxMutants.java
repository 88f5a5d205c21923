package modelc.examples;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The kernels of a module, and kernels with one mistake each: a barrier left out, an index one
 * element off, a comparison or a mask altered. It runs nothing.
 */
final class PtxMutants {
  /**
   * A mistake.
   *
   * @param number of it, among all of its kernel, and of each other kernel of the same structure
   * @param at the altered line
   * @param lines of the kernel without it
   */
  record Mutant(String kernel, Kind kind, int number, int at, String changed, List<String> lines) {
    String line() {
      return lines.get(at);
    }

    @Override
    public String toString() {
      return "%s %s at %d of %d: `%s` as `%s`"
          .formatted(kernel, kind, at, lines.size(), line().strip(), changed.strip());
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
    /**
     * A comparison of integers that takes its boundary or does not, or is turned around; see {@link
     * #opposite}.
     */
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

  /** Where a copy goes to, and how many of its bytes are read. */
  private static final Pattern READ =
      Pattern.compile("\\scp\\.async\\.\\S+\\s+(\\[[^]]+]), \\[[^]]+], \\d+, (%r\\d+|0);");

  private static final Pattern ADDRESS = Pattern.compile("\\[([%$\\w]+)(?:\\+(-?\\d+))?]");
  private static final Pattern GUARD = Pattern.compile("@(!?)(%p\\d+)");
  private static final Pattern COMPARISON =
      Pattern.compile("setp\\.(eq|ne|lt|le|gt|ge|ltu|leu|gtu|geu|equ|neu)\\.([usfb]\\d+)");
  private static final Pattern MASK = Pattern.compile("(and\\.b(?:16|32|64) .*, )(-?\\d+);");
  private static final Pattern LANES = Pattern.compile("(shfl\\.\\S+\\s*\\S+, \\S+, )(\\d+),");
  private static final Pattern LOGIC = Pattern.compile("(and|or)\\.pred");

  /** The variable that probes write to. */
  static final String DIFFERS = "differs";

  private static final Pattern VALUE =
      Pattern.compile("^\\s*(?!st\\.)[a-z][\\w.]*\\s+(%(p|rs|rd|r|fd|f)\\d+)[,|]");

  private static final Pattern COMPUTES =
      Pattern.compile("\\s(ld|st|cp|bar|bra|setp|shfl|mma)\\.|\\sbra\\s|\\.f(32|64)\\s|\\.pred\\s");
  private static final Pattern REGISTER = Pattern.compile("%[a-z]+\\d+");

  private static final Map<String, String> TYPES =
      Map.of("rs", "b16", "r", "b32", "f", "b32", "rd", "b64", "fd", "b64", "p", "pred");

  private static final Map<String, String> BOUNDARY =
      Map.of("lt", "le", "le", "lt", "gt", "ge", "ge", "gt", "eq", "ne", "ne", "eq");

  private static final Map<String, String> OPPOSITE =
      Map.of("lt", "ge", "le", "gt", "gt", "le", "ge", "lt");

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

  /**
   * Of a kernel's structure what computes, without the arithmetic of its indices: of another shape
   * the same code divides or shifts otherwise.
   */
  String skeleton(String kernel) {
    return structure(kernel)
        .lines()
        .filter(line -> COMPUTES.matcher(line).find())
        .map(line -> REGISTER.matcher(line).replaceAll("%"))
        .collect(Collectors.joining("\n"));
  }

  /** All mutants of a kernel. */
  List<Mutant> of(String kernel) {
    List<String> lines = List.of(kernels.get(kernel).split("\n", -1));
    var mutants = new ArrayList<Mutant>();
    for (int i = 0; i < lines.size(); i++) {
      for (Map.Entry<Kind, String> change : changes(lines.get(i))) {
        mutants.add(
            new Mutant(kernel, change.getKey(), mutants.size(), i, change.getValue(), lines));
      }
    }
    return mutants;
  }

  /**
   * The comparison turned into its opposite, where the mistake is that it takes its boundary or
   * does not: for sides that are never equal.
   */
  Optional<Mutant> opposite(Mutant m) {
    Matcher comparison = COMPARISON.matcher(m.line());
    if (m.kind() != Kind.PREDICATE || !comparison.find()) {
      return Optional.empty();
    }
    return Optional.ofNullable(OPPOSITE.get(comparison.group(1)))
        .map(other -> "setp." + other + "." + comparison.group(2))
        .map(altered -> replaced(m.line(), comparison, altered))
        .map(line -> new Mutant(m.kernel(), m.kind(), m.number(), m.at(), line, m.lines()));
  }

  /** The module with only the kernel that has the mistake. */
  String ptx(Mutant m) {
    var lines = new ArrayList<>(m.lines());
    lines.set(m.at(), m.changed());
    return header + String.join("\n", lines);
  }

  /**
   * The module with only the kernel of these mutants, without their mistakes. It writes to {@link
   * #DIFFERS}, a byte for each, a 1 where a thread comes to the altered instruction and that would
   * give it another value, or gives none.
   */
  String probes(List<Mutant> mutants) {
    var lines = new ArrayList<>(mutants.getFirst().lines());
    for (int i = 0; i < mutants.size(); i++) {
      Mutant m = mutants.get(i);
      lines.set(m.at(), probed(m, i, lines.get(m.at())));
    }
    String found = ".visible .global .align 1 .b8 %s[%d];%n".formatted(DIFFERS, mutants.size());
    return header + found + String.join("\n", lines);
  }

  /** The instruction, with what notes whether the mutant of number {@code i} would differ. */
  private static String probed(Mutant m, int i, String instruction) {
    String note = "mov.b16 one, 1;\n%s st.global.b8 [" + DIFFERS + "+" + i + "], one; }\n";
    Matcher value = VALUE.matcher(m.changed());
    if (m.kind() != Kind.INDEX && value.find()) {
      String register = value.group(1);
      String type = TYPES.get(value.group(2));
      String other =
          m.changed().substring(0, value.start(1)) + "other" + m.changed().substring(value.end(1));
      String differs = type.equals("pred") ? "xor.pred" : "setp.ne." + type;
      return "{ .reg .pred differ; .reg .b16 one; .reg .%s other;%n%s%n%s%n%s differ, %s, other;%n"
              .formatted(type, other, instruction, differs, register)
          + note.formatted("@differ");
    }
    Matcher copy = READ.matcher(m.changed());
    boolean source = copy.find() && m.line().contains(copy.group(1));
    return source
        ? "{ .reg .pred differ; .reg .b16 one; setp.ne.b32 differ, %s, 0;%n"
                .formatted(copy.group(2))
            + note.formatted("@differ")
            + instruction
        : "{ .reg .b16 one;\n" + note.formatted("") + instruction;
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
