package modelc.backend.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import modelc.ir.Symbol;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopProgram;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Tensor;
import modelc.passes.Gpu;
import modelc.passes.Options;
import modelc.passes.Pipeline;
import modelc.passes.testing.Comparison;
import modelc.passes.testing.Networks;
import modelc.passes.testing.TrainingSteps;
import modelc.ptx.EmulatorOptions;
import modelc.ptx.EmulatorOptions.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Whether the checks see what is wrong with a kernel: each barrier deleted, each address shifted,
 * each integer predicate altered, one at a time, in the kernels of a training step. A mutant is
 * caught if the emulator refuses it or the step's results differ. Comparisons of floats are left
 * alone: they are arithmetic, which other tests look at. {@code -Dmutants.every=N} takes one in N.
 */
@Tag("mutants")
class MutantsTest {
  private static final double TOLERANCE = 1e-6;
  private static final long STEP_LIMIT = 2_000_000;

  /** What was reached; the aim is 0.95. Who survives, and why, is in docs/gpu.md. */
  private static final double WANTED = 0.85;

  private static final Pattern BARRIER = Pattern.compile("\\s*bar\\.sync\\s+\\d+;");
  private static final Pattern ACCESS =
      Pattern.compile(
          "(.*\\b(?:ld|st)\\.(?:global|shared)\\S*?[a-z](\\d+)\\s.*\\[)([^\\]+]+)(?:\\+(-?\\d+))?(\\].*)");
  private static final Pattern COMPARE =
      Pattern.compile("(\\s*setp\\.)(lt|le|gt|ge|eq|ne)(\\.(?:and|or)?\\.?[sub]\\d+\\s.*)");
  private static final Pattern SHUFFLE =
      Pattern.compile("(\\s*shfl\\.sync\\.bfly\\.b32\\s+[^,]+,\\s*[^,]+,\\s*)(\\d+)(,.*)");

  /** What is done to a line. */
  private enum Kind {
    BARRIER,
    ADDRESS,
    PREDICATE,
    MASK
  }

  /**
   * What a step is given.
   *
   * @param infinite an argument with an element that is infinite, or -1: the check of the gradients
   *     must see it wherever it is
   */
  private record Case(long batch, int infinite, int element) {
    static List<Case> of(Entry train, List<Long> batches) {
      var cases = new ArrayList<Case>();
      batches.forEach(b -> cases.add(new Case(b, -1, 0)));
      List<Tensor> arguments = TrainingSteps.arguments(train, batches.getFirst());
      for (int i = 0; i < arguments.size(); i++) {
        Entry.Kind kind = train.arguments().get(i).kind();
        int n = arguments.get(i).data().length;
        boolean computedWith = kind == Entry.Kind.INPUT || kind == Entry.Kind.PARAMETER;
        if (computedWith && arguments.get(i).dtype().isFloat()) {
          for (int element : new int[] {1, n / 2 + 2, n - 1}) {
            cases.add(new Case(batches.getFirst(), i, element % n));
          }
        }
      }
      return cases;
    }

    List<Tensor> arguments(Entry train) {
      List<Tensor> arguments = TrainingSteps.arguments(train, batch);
      if (infinite >= 0) {
        arguments.get(infinite).data()[element] = Double.POSITIVE_INFINITY;
      }
      return arguments;
    }
  }

  private record Mutant(Kind kind, String kernel, int line, String before, String after) {}

  @Test
  void mlp() {
    check(Networks.mlp(21, 40, 35, 33), List.of(21L, 17L, 1L));
  }

  private static void check(Program program, List<Long> batches) {
    Entry train = program.entry("train");
    LoopProgram loops = Pipeline.lower(program, Gpu.SM_80, Options.DEFAULT).program();
    LoopEntry entry =
        loops.entries().stream().filter(e -> e.name().equals("train")).findFirst().orElseThrow();
    GpuProgram whole = new PtxBackend(80).compile(loops);
    Symbol batch = Networks.batch(program);
    var expected = new ArrayList<List<Tensor>>();
    List<Case> cases = Case.of(train, batches);
    for (Case c : cases) {
      expected.add(results(train, entry, whole, batch, c));
    }
    var all = new EnumMap<Kind, Integer>(Kind.class);
    var caught = new EnumMap<Kind, Integer>(Kind.class);
    var byEmulator = new EnumMap<Kind, Integer>(Kind.class);
    var survivors = new ArrayList<Mutant>();
    List<Mutant> mutants = sample(mutants(whole));
    for (Mutant m : mutants) {
      all.merge(m.kind, 1, Integer::sum);
      Optional<String> how = caughtBy(m, whole, train, entry, batch, cases, expected);
      if (how.isEmpty()) {
        survivors.add(m);
      } else {
        caught.merge(m.kind, 1, Integer::sum);
        byEmulator.merge(m.kind, how.get().equals("numbers") ? 0 : 1, Integer::sum);
      }
    }
    for (Kind k : all.keySet()) {
      System.out.printf(
          "%s: %d mutants, %d caught, %d of them by the emulator%n",
          k, all.get(k), caught.getOrDefault(k, 0), byEmulator.getOrDefault(k, 0));
    }
    survivors.forEach(
        s ->
            System.out.printf(
                "survives: %s, line %d of the PTX: %s -> %s%n",
                s.kernel, s.line + 1, s.before.strip(), s.after.strip()));
    double share = 1 - survivors.size() / (double) Math.max(1, mutants.size());
    System.out.printf("%d mutants, %.1f %% caught%n", mutants.size(), 100 * share);
    assertThat(share).isGreaterThanOrEqualTo(WANTED);
  }

  private static List<Mutant> sample(List<Mutant> all) {
    int every = Integer.getInteger("mutants.every", 1);
    var chosen = new ArrayList<Mutant>();
    for (int i = 0; i < all.size(); i += every) {
      chosen.add(all.get(i));
    }
    return chosen;
  }

  /** What catches a mutant: a fault's kind, or the numbers; empty if nothing does. */
  private static Optional<String> caughtBy(
      Mutant m,
      GpuProgram whole,
      Entry train,
      LoopEntry entry,
      Symbol batch,
      List<Case> cases,
      List<List<Tensor>> expected) {
    List<String> lines = new ArrayList<>(whole.ptx().lines().toList());
    lines.set(m.line, m.after);
    var mutated = new GpuProgram(String.join("\n", lines) + "\n", whole.entries());
    for (int c = 0; c < cases.size(); c++) {
      List<Tensor> actual;
      try {
        actual = results(train, entry, mutated, batch, cases.get(c));
      } catch (RuntimeException e) {
        return Optional.of(e.getClass().getSimpleName());
      }
      for (int i = 0; i < actual.size(); i++) {
        if (Comparison.difference(expected.get(c).get(i), actual.get(i), TOLERANCE).isPresent()) {
          return Optional.of("numbers");
        }
      }
    }
    return Optional.empty();
  }

  private static List<Tensor> results(
      Entry train, LoopEntry entry, GpuProgram program, Symbol batch, Case given) {
    var options = EmulatorOptions.DEFAULT.withStepLimit(STEP_LIMIT).withOrder(Order.DESCENDING, 0);
    var emulated = new EmulatedEntry(program, "train", options);
    return Comparison.run(
        train, entry, given.arguments(train), Map.of(batch, given.batch), emulated::run);
  }

  /** Every mutant of the kernels of the entry {@code train}. */
  private static List<Mutant> mutants(GpuProgram program) {
    List<String> used = program.entry("train").launches().stream().map(GpuLaunch::kernel).toList();
    var found = new ArrayList<Mutant>();
    String kernel = "";
    List<String> lines = program.ptx().lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      int at = line.indexOf(".entry ");
      if (at >= 0) {
        kernel = line.substring(at + 7).split("\\(", 2)[0].strip();
      } else if (line.contains(".func ")) {
        kernel = "";
      }
      if (used.contains(kernel)) {
        mutate(kernel, i, line).ifPresent(found::add);
      }
    }
    return found;
  }

  private static Optional<Mutant> mutate(String kernel, int at, String line) {
    if (BARRIER.matcher(line).matches()) {
      return Optional.of(new Mutant(Kind.BARRIER, kernel, at, line, ""));
    }
    Matcher access = ACCESS.matcher(line);
    if (access.matches()) {
      int bytes = Integer.parseInt(access.group(2)) / 8;
      int offset = access.group(4) == null ? 0 : Integer.parseInt(access.group(4));
      String after = access.group(1) + access.group(3) + "+" + (offset + bytes) + access.group(5);
      return Optional.of(new Mutant(Kind.ADDRESS, kernel, at, line, after));
    }
    Matcher compare = COMPARE.matcher(line);
    if (compare.matches()) {
      String after = compare.group(1) + neighbour(compare.group(2)) + compare.group(3);
      return Optional.of(new Mutant(Kind.PREDICATE, kernel, at, line, after));
    }
    Matcher shuffle = SHUFFLE.matcher(line);
    if (shuffle.matches()) {
      int mask = Integer.parseInt(shuffle.group(2));
      int other = mask == 1 ? 2 : mask / 2;
      return Optional.of(
          new Mutant(Kind.MASK, kernel, at, line, shuffle.group(1) + other + shuffle.group(3)));
    }
    return Optional.empty();
  }

  /** The comparison that differs where both sides are equal. */
  private static String neighbour(String relation) {
    return switch (relation) {
      case "lt" -> "le";
      case "le" -> "lt";
      case "gt" -> "ge";
      case "ge" -> "gt";
      case "eq" -> "ne";
      default -> "eq";
    };
  }
}
