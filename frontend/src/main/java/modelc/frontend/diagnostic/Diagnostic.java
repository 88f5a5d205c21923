package modelc.frontend.diagnostic;

import java.util.List;
import java.util.Optional;
import modelc.ir.Span;

/**
 * One thing that is wrong: where, what, and if possible what to do about it. Its text form is
 * {@link Renderer}'s.
 *
 * @param message one line, lower case, without a full stop
 * @param place where the carets stand
 * @param label what is written behind the carets; may be empty
 * @param others further places, each with its label
 * @param notes facts that help, one line each
 * @param help the cure, if one is known that is better than that of the code
 */
public record Diagnostic(
    Code code,
    String message,
    Span place,
    String label,
    List<Label> others,
    List<String> notes,
    Optional<String> help) {
  public Diagnostic {
    others = List.copyOf(others);
    notes = List.copyOf(notes);
  }

  public record Label(Span place, String text) {}

  public static Diagnostic of(Code code, Span place, String message, String label) {
    return new Diagnostic(code, message, place, label, List.of(), List.of(), Optional.empty());
  }

  public Diagnostic withHelp(String text) {
    return new Diagnostic(code, message, place, label, others, notes, Optional.of(text));
  }

  public Diagnostic withHelp(Optional<String> text) {
    return text.isEmpty() ? this : withHelp(text.get());
  }

  public Diagnostic withNote(String text) {
    var all = new java.util.ArrayList<>(notes);
    all.add(text);
    return new Diagnostic(code, message, place, label, others, all, help);
  }

  public Diagnostic withLabel(Span span, String text) {
    var all = new java.util.ArrayList<>(others);
    all.add(new Label(span, text));
    return new Diagnostic(code, message, place, label, all, notes, help);
  }

  public Diagnostic at(Span span, String text) {
    return new Diagnostic(code, message, span, text, others, notes, help);
  }
}
