package modelc.frontend.parse;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import modelc.frontend.Limits;
import modelc.frontend.diagnostic.DiagnosticException;
import modelc.frontend.diagnostic.Sources;
import modelc.grammar.ModelLexer;
import org.antlr.v4.runtime.Token;

/**
 * Lays a source out by the rules of docs/language.md: indentation, spaces, blank lines, columns.
 * Lines are broken where the writer broke them; no word is added, removed or moved to another
 * statement.
 */
public final class Formatter {
  static final int INDENT = 4;

  /** Where the inputs of a layer stand that found no place behind its configuration. */
  private static final int HEAD_INDENT = 8;

  private static final int MAX_ROUNDS = 10;

  private static final Set<Integer> DECLARATIONS =
      Set.of(
          ModelLexer.FN,
          ModelLexer.LAYER,
          ModelLexer.MODEL,
          ModelLexer.OPTIMIZER,
          ModelLexer.TRAIN);

  /** An open bracket; {@code last} on its line: what it holds stands on lines of its own. */
  private record Open(Word word, boolean last) {}

  private final Set<Token> ends;
  private final List<SourceLine> lines = new ArrayList<>();
  private final Deque<Open> brackets = new ArrayDeque<>();
  private final Map<Integer, Word> above = new HashMap<>();
  private int depth;

  /** Whether a block of the statement was opened. */
  private boolean opened;

  private Formatter(Lexed source) {
    this.ends = new HashSet<>(source.seen());
    read(source.all());
  }

  /**
   * The text laid out anew; laid out once more it stays the same.
   *
   * @param file how messages call it
   * @throws DiagnosticException if it is not well formed
   */
  public static String format(String file, String text, Limits limits) {
    return DeepStack.call(
        () -> {
          var sources = new Sources();
          Syntax.parse(file, text, sources, limits);
          Lexed source = Syntax.lex(file, text, sources, limits);
          String formatted = new Formatter(source).text();
          // A word moved may end or begin a column: then that is laid out as well.
          for (int i = 0; i < MAX_ROUNDS; i++) {
            String again = new Formatter(Syntax.lex(file, formatted, sources, limits)).text();
            if (again.equals(formatted)) {
              break;
            }
            formatted = again;
          }
          if (!Syntax.lex(file, formatted, sources, limits).words().equals(source.words())) {
            throw new IllegalStateException("formatting " + file + " would change its meaning");
          }
          return formatted;
        });
  }

  /** Cuts the tokens into lines, and joins those that begin with what belongs to the line above. */
  private void read(List<Token> tokens) {
    var line = new SourceLine();
    boolean blank = false;
    boolean ended = true;
    int column = 0;
    for (Token t : tokens) {
      if (t.getType() == Token.EOF || t.getType() == ModelLexer.NL) {
        ended |= ends.contains(t);
        if (line.words().isEmpty()) {
          blank = true;
          continue;
        }
        line.blankBefore(blank);
        lines.add(line);
        line = new SourceLine();
        blank = false;
      } else if (t.getType() != ModelLexer.SPACE) {
        if (line.words().isEmpty() && t.getType() != ModelLexer.COMMENT) {
          if (!ended && belongsAbove(t) && !lines.isEmpty() && lines.getLast().takesMore()) {
            line = lines.removeLast();
            blank = line.isAfterBlank();
          }
          line.goesOn(!ended);
          ended = false;
        }
        line.add(t, column);
      }
      column = t.getType() == ModelLexer.NL ? 0 : after(t.getText(), column);
    }
  }

  /** The column behind a text; a tab goes to the next multiple of the indentation. */
  private static int after(String text, int column) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == '\t') {
        column += INDENT - column % INDENT;
      } else if (!Character.isLowSurrogate(text.charAt(i))) {
        column++;
      }
    }
    return column;
  }

  /** Whether {@code t}, the first of its line, goes to the end of the line above. */
  private boolean belongsAbove(Token t) {
    return switch (t.getType()) {
      case ModelLexer.LBRACE, ModelLexer.GRADIENT -> true;
      case ModelLexer.ELSE ->
          !lines.isEmpty() && lines.getLast().first().type() == ModelLexer.RBRACE;
      default -> false;
    };
  }

  private String text() {
    Spacing.apply(lines);
    place();
    Columns.apply(lines);
    var out = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      SourceLine line = lines.get(i);
      boolean inner =
          i > 0 && !lines.get(i - 1).opens() && line.first().type() != ModelLexer.RBRACE;
      boolean between = i > 0 && lines.get(i - 1).closesDeclaration();
      if (inner && line.isAfterBlank() || between) {
        out.append('\n');
      }
      line.write(out);
    }
    return out.toString();
  }

  /** Says of each line what its place is measured from. */
  private void place() {
    var comments = new ArrayList<Word>();
    SourceLine statement = null;
    for (SourceLine line : lines) {
      Word first = line.first();
      if (first.isComment()) {
        first.indent(depth * INDENT);
        comments.add(first);
        continue;
      }
      boolean on = false;
      if (statement != null
          && (line.isGoingOn() && !belongsAbove(first)
              || depth == 0 && !opened && statement.isHead())) {
        on = true;
        continued(first, statement);
        comments.forEach(c -> c.under(first, 0));
      } else {
        statement = line;
        opened = false;
        above.clear();
        first.indent((depth - line.leadingCloses()) * INDENT);
      }
      line.goesOnIf(on);
      comments.clear();
      enter(line);
      line.closesDeclaration(depth == 0 && line.closes());
    }
  }

  private boolean belongsAbove(Word first) {
    return first.type() == ModelLexer.LBRACE
        || first.type() == ModelLexer.GRADIENT
        || first.type() == ModelLexer.ELSE && first.follows(ModelLexer.RBRACE);
  }

  private void continued(Word first, SourceLine statement) {
    Open open = brackets.peek();
    first.inside(open == null ? null : open.word());
    Word aligned = above.get(first.column());
    boolean closes = first.type() == ModelLexer.RPAREN || first.type() == ModelLexer.RBRACKET;
    if (closes && open != null && open.last()) {
      first.under(open.word().line().first(), 0);
    } else if (aligned != null
        && aligned.bracket() == first.bracket()
        && first.column() > statement.first().column()) {
      first.under(aligned, 0);
    } else if (open != null) {
      Word next = open.word().next();
      if (open.last() || next == null) {
        first.under(open.word().line().first(), INDENT);
      } else {
        first.under(next, 0);
      }
    } else {
      boolean head = depth == 0 && DECLARATIONS.contains(statement.first().type());
      first.under(statement.first(), head ? HEAD_INDENT : INDENT);
    }
  }

  private void enter(SourceLine line) {
    for (Word w : line.words()) {
      Open open = brackets.peek();
      w.inside(open == null ? null : open.word());
      above.put(w.column(), w);
      switch (w.type()) {
        case ModelLexer.LPAREN, ModelLexer.LBRACKET -> brackets.push(new Open(w, w.endsLine()));
        case ModelLexer.RPAREN, ModelLexer.RBRACKET -> brackets.pop();
        case ModelLexer.LBRACE -> {
          depth++;
          opened = true;
        }
        case ModelLexer.RBRACE -> depth--;
        default -> {}
      }
    }
  }
}
