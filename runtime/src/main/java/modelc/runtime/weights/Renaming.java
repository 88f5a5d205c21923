package modelc.runtime.weights;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import modelc.runtime.UsageException;

/**
 * Rules, written {@code theirs=ours}, that rename the leading part of a file's names; the first
 * that fits is used. What is the same but for the customs of PyTorch needs no rule: see {@link
 * Matching}.
 *
 * <p>A part is whole segments, the rest of the name is kept: {@code fc=head} makes {@code
 * head.weight} of {@code fc.weight}. {@code *} stands for any text in a segment, {@code **} for any
 * text; ours has the same texts, in order, or {@code $1}. {@code ~} begins a regular expression. A
 * {@code #} stands for a number: the parts that such a rule finds on both sides are paired in
 * order, whatever the numbers. With nothing after the {@code =}, what is found is left out.
 */
public final class Renaming {
  private static final Pattern WILDCARD = Pattern.compile("\\*\\*|\\*|#");
  private static final Pattern REFERENCE = Pattern.compile("\\*\\*|\\*|\\$(\\d)");
  private static final Pattern DIGITS = Pattern.compile("\\d+");

  private final List<Rule> rules;

  private Renaming(List<Rule> rules) {
    this.rules = List.copyOf(rules);
  }

  /** Without rules. */
  public static Renaming none() {
    return new Renaming(List.of());
  }

  /**
   * The rules of {@code texts}.
   *
   * @throws UsageException if one is not a rule
   */
  public static Renaming of(List<String> texts) {
    return new Renaming(texts.stream().map(Rule::parse).toList());
  }

  /**
   * The rules of a text, one a line; empty lines, and what follows a {@code //}, say nothing.
   *
   * @throws UsageException if one is not a rule
   */
  public static Renaming ofLines(List<String> lines) {
    return of(
        lines.stream()
            .map(l -> l.indexOf("//") < 0 ? l : l.substring(0, l.indexOf("//")))
            .filter(l -> !l.isBlank())
            .toList());
  }

  /** These rules, and after them those of {@code other}. */
  public Renaming and(Renaming other) {
    var all = new ArrayList<>(rules);
    all.addAll(other.rules);
    return new Renaming(all);
  }

  public boolean isEmpty() {
    return rules.isEmpty();
  }

  /**
   * What each of {@code theirs} is called by the rules; none if it is left out.
   *
   * @param ours the model's names, in their order
   * @throws UsageException if a rule pairs lists of different lengths
   */
  Map<String, Optional<String>> rename(Collection<String> theirs, Collection<String> ours) {
    var renamed = new HashMap<String, Optional<String>>();
    List<Function> functions = rules.stream().map(r -> r.over(theirs, ours)).toList();
    for (String name : theirs) {
      renamed.put(
          name,
          functions.stream()
              .map(f -> f.apply(name))
              .flatMap(Optional::stream)
              .findFirst()
              .orElse(Optional.of(name)));
    }
    return renamed;
  }

  /** None if the rule does not fit; then none again if the name is to be left out. */
  private interface Function {
    Optional<Optional<String>> apply(String name);
  }

  private record Rule(String text, Pattern theirs, String ours, boolean inOrder) {

    static Rule parse(String text) {
      int equals = text.lastIndexOf('=');
      if (equals < 1) {
        throw malformed(text, "it has no `=` between their name and ours");
      }
      String theirs = text.substring(0, equals).strip();
      String ours = text.substring(equals + 1).strip();
      boolean regular = theirs.startsWith("~");
      boolean inOrder = !regular && theirs.contains("#") && ours.contains("#");
      try {
        Pattern pattern =
            regular ? Pattern.compile("(?:" + theirs.substring(1) + ")(?=\\.|$)") : glob(theirs);
        if (!inOrder) {
          checkReferences(text, ours, pattern.matcher("").groupCount());
        }
        return new Rule(text, pattern, ours, inOrder);
      } catch (PatternSyntaxException e) {
        throw malformed(text, "its regular expression is none: " + e.getDescription());
      }
    }

    private static void checkReferences(String text, String ours, int groups) {
      Matcher m = REFERENCE.matcher(ours);
      int stars = 0;
      while (m.find()) {
        int wanted = m.group(1) == null ? ++stars : Integer.parseInt(m.group(1));
        if (wanted < 1 || wanted > groups) {
          throw malformed(text, "ours asks for text " + wanted + ", theirs gives " + groups);
        }
      }
      if (ours.contains("#")) {
        throw malformed(text, "there is a `#` on one side only");
      }
    }

    /** Whole leading segments that fit {@code glob}. */
    private static Pattern glob(String glob) {
      var out = new StringBuilder();
      Matcher m = WILDCARD.matcher(glob);
      int done = 0;
      while (m.find()) {
        out.append(Pattern.quote(glob.substring(done, m.start())));
        out.append(
            switch (m.group()) {
              case "**" -> "(.*)";
              case "*" -> "([^.]*)";
              default -> "(\\d+)";
            });
        done = m.end();
      }
      out.append(Pattern.quote(glob.substring(done))).append("(?=\\.|$)");
      return Pattern.compile(out.toString());
    }

    Function over(Collection<String> allTheirs, Collection<String> allOurs) {
      if (!inOrder) {
        return this::substitute;
      }
      List<String> from = parts(theirs, allTheirs).stream().sorted(NATURAL).toList();
      List<String> to = parts(glob(ours), allOurs);
      if (!from.isEmpty() && !to.isEmpty() && from.size() != to.size()) {
        throw new UsageException(
            "R0204",
            "the rule `%s` should pair %d parts of the file with %d of the model: %s; %s"
                .formatted(text, from.size(), to.size(), start(from), start(to)),
            "write it so that both sides find as many, or a rule for each");
      }
      var pairs = new HashMap<String, String>();
      for (int i = 0; i < Math.min(from.size(), to.size()); i++) {
        pairs.put(from.get(i), to.get(i));
      }
      return name -> {
        Optional<MatchResult> m = start(theirs, name);
        String paired = m.map(part -> pairs.get(part.group())).orElse(null);
        return paired == null
            ? Optional.empty()
            : Optional.of(Optional.of(paired + name.substring(m.orElseThrow().end())));
      };
    }

    private static String start(List<String> parts) {
      return String.join(", ", parts.subList(0, Math.min(parts.size(), 3)))
          + (parts.size() > 3 ? ", ..." : "");
    }

    private List<String> parts(Pattern pattern, Collection<String> names) {
      return names.stream()
          .flatMap(name -> start(pattern, name).stream())
          .map(MatchResult::group)
          .distinct()
          .toList();
    }

    /** How {@code name} begins as {@code pattern} says. */
    private Optional<MatchResult> start(Pattern pattern, String name) {
      try {
        Matcher m = pattern.matcher(new CountedText(name));
        return m.lookingAt() ? Optional.of(m) : Optional.empty();
      } catch (CountedText.TooOften | StackOverflowError e) {
        throw malformed(text, "its regular expression tries too many ways to fit " + name);
      }
    }

    private Optional<Optional<String>> substitute(String name) {
      Optional<MatchResult> m = start(theirs, name);
      if (m.isEmpty()) {
        return Optional.empty();
      }
      return Optional.of(ours.isEmpty() ? Optional.empty() : Optional.of(replaced(m.get(), name)));
    }

    private String replaced(MatchResult m, String name) {
      var out = new StringBuilder();
      Matcher reference = REFERENCE.matcher(ours);
      int stars = 0;
      while (reference.find()) {
        int group = reference.group(1) == null ? ++stars : Integer.parseInt(reference.group(1));
        String captured = m.group(group);
        reference.appendReplacement(
            out, Matcher.quoteReplacement(captured == null ? "" : captured));
      }
      reference.appendTail(out);
      return out + name.substring(m.end());
    }

    private static UsageException malformed(String text, String why) {
      return new UsageException(
          "R0203",
          "`" + text + "` is no rule for names: " + why,
          "write THEIRS=OURS, e.g. --map 'classifier=fc' or --map 'features.*=conv*'");
    }
  }

  /** Numbers by value, the rest as text: {@code features.2} before {@code features.10}. */
  static final Comparator<String> NATURAL =
      Comparator.comparing(
          (String s) ->
              DIGITS.matcher(s).replaceAll(m -> "%20s".formatted(m.group()).replace(' ', '0')));
}
