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

  private static final int MAX_MESSAGE = 500;

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
    return Printable.of(out.toString());
  }

  /** A place quoted, with {@code label} behind the carets, and facts about it, one a line. */
  public String excerpt(Span place, String label, List<String> notes) {
    var out = new StringBuilder();
    excerpt(place, label, List.of(), notes, Optional.empty(), out);
    return Printable.of(out.toString());
  }

  private void render(Diagnostic d, StringBuilder out) {
    out.append("error[").append(d.code()).append("]: ").append(cut(d.message())).append('\n');
    excerpt(
        d.place(),
        d.label(),
        d.others(),
        d.notes(),
        d.help().or(() -> Optional.of(d.code().cure())),
        out);
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
    var quote = new Quote("", 0);
    for (Mark m : marks) {
      if (m.line != previous) {
        if (previous >= 0 && m.line > previous + 1) {
          out.append(gutter).append(" ...\n");
        }
        String number = Integer.toString(m.line);
        out.append(" ".repeat(gutter.length() - number.length())).append(number).append(" | ");
        quote = Quote.of(sources.line(place.file(), m.line), m.from);
        out.append(quote.text).append('\n');
        previous = m.line;
      }
      out.append(gutter).append(" | ").append(underline(quote, m));
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

  /** A value in a message may be of any length. */
  private static String cut(String message) {
    return message.length() <= MAX_MESSAGE ? message : message.substring(0, MAX_MESSAGE) + "...";
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
  private static String underline(Quote quote, Mark m) {
    var out = new StringBuilder();
    int end = quote.text.length();
    int from = Math.clamp(m.from - quote.cut, 1, end + 1);
    for (int i = 1; i < from; i++) {
      out.append(i <= end && quote.text.charAt(i - 1) == '\t' ? '\t' : ' ');
    }
    int length = m.to - m.from;
    out.repeat(m.sign, quote.isPart() ? Math.clamp(end + 1L - from, 1, length) : length);
    if (!m.text.isEmpty()) {
      out.append(' ').append(m.text);
    }
    return out.append('\n').toString();
  }

  /**
   * A line of the source as it is shown: a long one in part.
   *
   * @param cut how much further left its characters stand than in the line
   */
  private record Quote(String text, int cut) {
    private static final int MAX = 160;
    private static final int BEFORE = 60;
    private static final String GAP = "...";

    static Quote of(String line, int column) {
      if (line.length() <= MAX) {
        return new Quote(line, 0);
      }
      int from = column - 1 > BEFORE ? column - 1 - BEFORE : 0;
      int to = Math.min(line.length(), from + MAX);
      String part = line.substring(Math.min(from, to), to) + (to < line.length() ? GAP : "");
      return from == 0 ? new Quote(part, 0) : new Quote(GAP + part, from - GAP.length());
    }

    boolean isPart() {
      return text.length() > MAX;
    }
  }

  private static String indented(String text, String gutter) {
    return text.replace("\n", "\n" + gutter + "         ");
  }
}
