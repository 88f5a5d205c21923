package modelc.runtime.weights;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import modelc.runtime.DataException;
import modelc.runtime.Kind;
import modelc.runtime.Variable;
import modelc.runtime.weights.WeightFile.Stored;

/**
 * Which tensor of a file is which variable of a model, by the rules that were given, then by names,
 * with PyTorch's customs understood: {@code weight} is {@code w} or {@code scale}, {@code bias} is
 * {@code b} or {@code shift}, {@code running_mean} and {@code running_var} are {@code mu} and
 * {@code var}; the numbered children of a Sequential are ours in order. Shapes are compared, not
 * guessed from.
 *
 * @param pairs in the order of the model
 * @param missing the model's parameters and states that the file does not have
 * @param unused tensors of the file that the model does not have
 * @param ignored tensors of the file that a rule leaves out, or that mean nothing here
 */
public record Matching(
    List<Pair> pairs, List<Variable> missing, List<Stored> unused, List<Stored> ignored) {

  /** How many lines of what does not fit a message shows. */
  private static final int SHOWN = 10;

  /** PyTorch counts the batches a normalization has seen; nothing here depends on it. */
  static final String COUNTER = "num_batches_tracked";

  /** What stands beside the counter. */
  static final String MEAN = "running_mean";

  /** What distributed and compiled modules put before the names of the one they hold. */
  private static final List<String> WRAPPERS = List.of("_orig_mod", "module", "_orig_mod", "model");

  /** A variable and the tensor of its name. */
  public record Pair(Variable ours, Stored theirs) {
    /** Whether shapes are the same, and types can be converted. */
    public boolean fits() {
      return ours.shape().equals(theirs.shape()) && WeightFile.converts(theirs, ours.type());
    }
  }

  public Matching {
    pairs = List.copyOf(pairs);
    missing = List.copyOf(missing);
    unused = List.copyOf(unused);
    ignored = List.copyOf(ignored);
  }

  /**
   * Matches names.
   *
   * @throws modelc.runtime.UsageException if a rule cannot be applied
   * @throws DataException if two tensors would be one variable
   */
  public static Matching of(
      Collection<Variable> ours, Collection<Stored> theirs, Renaming renaming) {
    var mine = new Names<Variable>();
    ours.forEach(v -> mine.add(v.name(), v));
    var ignored = new ArrayList<Stored>();
    var named = new LinkedHashMap<String, Stored>();
    Map<String, Optional<String>> renamed =
        renaming.rename(
            theirs.stream().map(Stored::name).toList(), ours.stream().map(Variable::name).toList());
    for (Stored t : theirs) {
      Optional<String> name = renamed.getOrDefault(t.name(), Optional.empty());
      if (name.isEmpty() || name.get().endsWith(COUNTER)) {
        ignored.add(t);
      } else if (named.putIfAbsent(name.get(), t) != null) {
        throw twice(name.get(), t, named.get(name.get()));
      }
    }
    Map<Variable, Stored> found = new HashMap<>();
    mine.match(tree(mine, named), found::put);
    Set<Stored> used = new HashSet<>(found.values());
    var pairs = new ArrayList<Pair>();
    var missing = new ArrayList<Variable>();
    for (Variable v : ours) {
      Stored t = found.get(v);
      if (t != null) {
        pairs.add(new Pair(v, t));
      } else if (v.kind() != Kind.OPTIMIZER_STATE) {
        missing.add(v);
      }
    }
    List<Stored> unused = named.values().stream().filter(t -> !used.contains(t)).toList();
    return new Matching(pairs, missing, unused, ignored);
  }

  private static DataException twice(String name, Stored one, Stored other) {
    return new DataException(
        "R0205",
        one.name() + " and " + other.name() + " would both be " + name,
        "leave one of them out with a rule that has nothing after its `=`");
  }

  /** The names as a tree; what PyTorch wraps a module with comes off. */
  private static Names<Stored> tree(Names<Variable> mine, Map<String, Stored> named) {
    int cut = 0;
    for (String wrapper : WRAPPERS) {
      int from = cut;
      if (!mine.hasPart(wrapper)
          && named.keySet().stream().allMatch(n -> n.startsWith(wrapper + ".", from))) {
        cut += wrapper.length() + 1;
      }
    }
    var tree = new Names<Stored>();
    for (Map.Entry<String, Stored> e : named.entrySet()) {
      tree.add(e.getKey().substring(cut), e.getValue());
    }
    return tree;
  }

  /** Those that can be loaded: of {@link #pairs}, those that fit. */
  public List<Pair> fitting() {
    return pairs.stream().filter(Pair::fits).toList();
  }

  /** Whether every tensor found its variable, and every variable its tensor, of its shape. */
  public boolean isComplete() {
    return missing.isEmpty() && unused.isEmpty() && pairs.stream().allMatch(Pair::fits);
  }

  /**
   * Refuses what does not fit.
   *
   * @param partial whether variables may keep their values, and tensors be left over
   * @throws DataException that tells what, and what to do; with {@code partial}, if nothing fits
   */
  public void check(boolean partial, Path file, String model) {
    if (isComplete() || partial && !fitting().isEmpty()) {
      return;
    }
    List<String> wrong = complaints();
    int shown = Math.min(wrong.size(), SHOWN);
    String more = wrong.size() > shown ? "\n  and " + (wrong.size() - shown) + " more" : "";
    throw new DataException(
        "R0202",
        "%s does not have the weights of %s: %d of %d fit%n  %s%s"
            .formatted(
                file,
                model,
                fitting().size(),
                pairs.size() + missing.size(),
                String.join("\n  ", wrong.subList(0, shown)),
                more),
        "name what belongs together with --map 'THEIRS=OURS', leave a part out with 'THEIRS=', or "
            + (partial ? "check the file" : "take what fits with --partial")
            + "; `modelc export MODEL --weights FILE` lists all names");
  }

  /**
   * What does not fit, a line each: wrong shapes first, then what the file lacks, then its rest.
   */
  public List<String> complaints() {
    var wrong = new ArrayList<String>();
    for (Pair p : pairs) {
      if (!p.fits()) {
        wrong.add(p.ours() + " has another shape or type in the file: " + p.theirs());
      }
    }
    var left = new ArrayList<>(unused);
    for (Variable v : missing) {
      wrong.add(v + " is not in the file" + suggestion(v, left));
    }
    unused.forEach(t -> wrong.add(t + " is in the file only"));
    return wrong;
  }

  /** Of the tensors left over that would fit, the one whose name is most like it; taken away. */
  private static String suggestion(Variable v, List<Stored> left) {
    String name = Names.torch(v.name());
    Optional<Stored> best =
        left.stream()
            .filter(t -> new Pair(v, t).fits())
            .max(Comparator.comparingInt(t -> likeness(name, t.name())));
    best.ifPresent(left::remove);
    return best.map(t -> "; " + t.name() + " would fit").orElse("");
  }

  /** How many characters the two have in common, from the end and from the start. */
  private static int likeness(String a, String b) {
    int limit = Math.min(a.length(), b.length());
    int end = 0;
    while (end < limit && a.charAt(a.length() - 1 - end) == b.charAt(b.length() - 1 - end)) {
      end++;
    }
    int start = 0;
    while (start < limit - end && a.charAt(start) == b.charAt(start)) {
      start++;
    }
    return start + end;
  }

  /** One line that tells how much fits. */
  public String summary() {
    var parts = new ArrayList<String>();
    parts.add(fitting().size() + " tensors fit");
    add(parts, pairs.size() - fitting().size(), "have another shape");
    add(parts, missing.size(), "of the model are not in the file");
    add(parts, unused.size(), "of the file are not in the model");
    add(parts, ignored.size(), "of the file are not needed");
    return String.join(", ", parts);
  }

  private static void add(List<String> parts, int count, String what) {
    if (count > 0) {
      parts.add(count + " " + what);
    }
  }
}
