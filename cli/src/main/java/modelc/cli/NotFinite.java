package modelc.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import modelc.compiler.NonFinite;
import modelc.compiler.NonFinite.Element;
import modelc.frontend.Checked;
import modelc.frontend.diagnostic.Renderer;
import modelc.ir.Role;
import modelc.ir.Span;
import modelc.ir.tensor.Program;
import modelc.runtime.Call;
import modelc.runtime.Diagnosis;
import modelc.runtime.ModelcException;

/**
 * Shows in the user's source where a training step stopped being finite. What is looked for, and
 * how, is {@link NonFinite}'s.
 */
final class NotFinite implements Diagnosis {
  private final Checked checked;
  private final Program program;
  private final int threads;
  private final Talk talk;

  /**
   * Looks in what was compiled from {@code checked}.
   *
   * @param program of the run
   */
  NotFinite(Checked checked, Program program, int threads, Talk talk) {
    this.checked = checked;
    this.program = program;
    this.threads = threads;
    this.talk = talk;
  }

  @Override
  public Optional<Cause> of(Call step) {
    talk.live("looking for where it begins ...");
    try {
      return NonFinite.find(program, step, threads).flatMap(this::shown);
    } catch (ModelcException e) {
      return Optional.empty(); // too little memory to look: the step's own message has to do
    } finally {
      talk.clear();
    }
  }

  private Optional<Cause> shown(NonFinite.Finding f) {
    return f.origin()
        .user()
        .map(
            place -> {
              String text =
                  new Renderer(checked.sources()).excerpt(place, what(f), notes(f, place));
              return new Cause(text, cure(f));
            });
  }

  private static String what(NonFinite.Finding f) {
    return switch (f.op()) {
      case "parameter" -> "the update of " + f.name() + " gave " + number(f.result().value());
      case "input" -> f.name() + " holds " + number(f.result().value());
      default ->
          (f.origin().role() == Role.BACKWARD ? "in the gradient, " : "")
              + call(f)
              + " is "
              + number(f.result().value());
    };
  }

  /** {@code log(-0.25)} where the elements belong together, else {@code dot_general}. */
  private static String call(NonFinite.Finding f) {
    boolean elementwise =
        !f.operands().isEmpty() && f.operands().stream().allMatch(o -> !o.place().isEmpty());
    return elementwise
        ? f.operands().stream()
            .map(o -> number(o.value()))
            .collect(Collectors.joining(", ", f.op() + "(", ")"))
        : f.op();
  }

  private static List<String> notes(NonFinite.Finding f, Span place) {
    var notes = new ArrayList<String>();
    Element r = f.result();
    if (!r.place().isEmpty()) {
      notes.add(
          String.format(
              Locale.ROOT,
              "%,d of the %,d elements of %s are not finite, the first at %s",
              r.bad(),
              r.elements(),
              r.type(),
              r.place()));
    }
    for (Element o : f.operands()) {
      if (o.place().isEmpty() && o.elements() > 0) {
        notes.add("operand " + o.type() + ": magnitudes up to " + number(o.largest()));
      }
    }
    if (!f.origin().path().isEmpty()) {
      notes.add("in " + f.origin().path());
    }
    f.origin().chain().stream()
        .filter(s -> !s.equals(place))
        .forEach(s -> notes.add("through " + s));
    return notes;
  }

  private static String cure(NonFinite.Finding f) {
    return switch (f.op()) {
      case "input" -> "mend or leave out the samples that are not finite";
      case "log", "log1p", "sqrt", "rsqrt", "divide", "power", "remainder" ->
          "keep the operand of "
              + f.op()
              + " away from where it has no finite value, lower the learning rate, or clip"
              + " gradients";
      default -> "lower the learning rate, or clip gradients (`clip = 1.0`)";
    };
  }

  private static String number(double x) {
    if (Double.isNaN(x)) {
      return "NaN";
    }
    if (Double.isInfinite(x)) {
      return x > 0 ? "infinity" : "-infinity";
    }
    String text = String.format(Locale.ROOT, "%.6g", x);
    return text.contains("e") || !text.contains(".")
        ? text
        : text.replaceFirst("0+$", "").replaceFirst("\\.$", "");
  }
}
