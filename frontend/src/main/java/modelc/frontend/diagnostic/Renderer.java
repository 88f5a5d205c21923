package modelc.frontend.diagnostic;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import modelc.ir.Span;

/**
 * The text form of diagnostics: code, place, quoted lines with carets, notes and help. It uses no
 * colour.
 */
public final class Renderer {
  private record Mark(int line, int from, int to, char sign, String text) {}

  private final Sources sources;

  public Renderer(Sources sources) {
    this.sources = sources;
  }

  public String render(List<Diagnostic> diagnostics) {
    var out = new StringBuilder();
    for (Diagnostic d : diagnostics) {
      if (!out.isEmpty()) {
        out.append('\n');
      }
      render(d, out);
    }
    return out.toString();
  }

  /** A place quoted, with {@code label} behind the carets, and facts about it, one a line. */
  public String excerpt(Span place, String label, List<String> notes) {
    var out = new StringBuilder();
    excerpt(place, label, List.of(), notes, Optional.empty(), out);
    return out.toString();
  }

  private void render(Diagnostic d, StringBuilder out) {
    out.append("error[").append(d.code()).append("]: ").append(d.message()).append('\n');
    excerpt(d.place(), d.label(), d.others(), d.notes(), d.help(), out);
  }

  private void excerpt(
      Span place,
      String label,
      List<Diagnostic.Label> others,
      List<String> notes,
      Optional<String> help,
      StringBuilder out) {
    List<Mark> marks = marks(place, label, others);
    int last = marks.stream().mapToInt(Mark::line).max().orElse(place.line());
    String gutter = " ".repeat(Integer.toString(last).length());
    out.append(gutter).append("--> ").append(place).append('\n');
    out.append(gutter).append(" |\n");
    int previous = -1;
    for (Mark m : marks) {
      if (m.line != previous) {
        if (previous >= 0 && m.line > previous + 1) {
          out.append(gutter).append(" ...\n");
        }
        String number = Integer.toString(m.line);
        out.append(" ".repeat(gutter.length() - number.length())).append(number).append(" | ");
        out.append(sources.line(place.file(), m.line)).append('\n');
        previous = m.line;
      }
      out.append(gutter).append(" | ").append(underline(sources.line(place.file(), m.line), m));
    }
    List<Diagnostic.Label> elsewhere =
        others.stream().filter(o -> !o.place().file().equals(place.file())).toList();
    if (!notes.isEmpty() || help.isPresent() || !elsewhere.isEmpty()) {
      out.append(gutter).append(" |\n");
    }
    for (Diagnostic.Label other : elsewhere) {
      out.append(gutter)
          .append(" = note: ")
          .append(other.text())
          .append(" (")
          .append(other.place())
          .append(")\n");
    }
    for (String note : notes) {
      out.append(gutter).append(" = note: ").append(indented(note, gutter)).append('\n');
    }
    help.ifPresent(
        h -> out.append(gutter).append(" = help: ").append(indented(h, gutter)).append('\n'));
  }

  private List<Mark> marks(Span place, String label, List<Diagnostic.Label> others) {
    var marks = new ArrayList<Mark>();
    marks.add(mark(place, '^', label));
    for (Diagnostic.Label other : others) {
      if (other.place().file().equals(place.file())) {
        marks.add(mark(other.place(), '-', other.text()));
      }
    }
    marks.sort(Comparator.comparingInt(Mark::line).thenComparingInt(Mark::from));
    return marks;
  }

  private Mark mark(Span span, char sign, String text) {
    int end =
        span.endLine() == span.line()
            ? span.endColumn()
            : sources.line(span.file(), span.line()).length() + 1;
    return new Mark(span.line(), span.column(), Math.max(end, span.column() + 1), sign, text);
  }

  /** Tabs of the quoted line are repeated, so that the carets stand where the text does. */
  private static String underline(String line, Mark m) {
    var out = new StringBuilder();
    for (int i = 1; i < m.from; i++) {
      out.append(i <= line.length() && line.charAt(i - 1) == '\t' ? '\t' : ' ');
    }
    out.append(String.valueOf(m.sign).repeat(m.to - m.from));
    if (!m.text.isEmpty()) {
      out.append(' ').append(m.text);
    }
    return out.append('\n').toString();
  }

  private static String indented(String text, String gutter) {
    return text.replace("\n", "\n" + gutter + "         ");
  }
}
