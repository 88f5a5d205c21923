package modelc.frontend.parse;

import java.util.List;
import modelc.grammar.ModelLexer;
import org.jspecify.annotations.Nullable;

/** How many spaces stand between two words of a line, alignment aside. */
final class Spacing {
  /** Before the inputs of a layer, between two statements on a line, before a comment. */
  private static final int WIDE = 2;

  /** How far a declaration with inputs is read. */
  private enum Head {
    NONE,
    KEYWORD,
    NAME
  }

  private @Nullable Word before;

  /** Whether {@code before} ends an operand: a minus behind it subtracts. */
  private boolean operand;

  /** Whether {@code before} is a sign and not an operator. */
  private boolean sign;

  private Head head = Head.NONE;
  private int open;

  private Spacing() {}

  static void apply(List<SourceLine> lines) {
    var spacing = new Spacing();
    for (SourceLine line : lines) {
      for (Word w : line.words()) {
        if (w.isComment()) {
          w.gap(spacing.before, WIDE);
        } else {
          spacing.next(w);
        }
      }
    }
  }

  private void next(Word w) {
    boolean name = isName(w.type());
    boolean inputs = head == Head.NAME && open == 0 && name;
    w.gap(before, inputs ? WIDE : before == null ? 0 : gap(before.type(), w.type()));
    sign = !operand && (w.type() == ModelLexer.MINUS || w.type() == ModelLexer.TIMES);
    operand = endsOperand(w);
    follow(w, name, inputs);
    before = w;
  }

  private void follow(Word w, boolean name, boolean inputs) {
    switch (w.type()) {
      case ModelLexer.LAYER, ModelLexer.OPTIMIZER -> {
        if (w.isFirst()) {
          head = Head.KEYWORD;
          open = 0;
        }
      }
      case ModelLexer.LPAREN, ModelLexer.LBRACKET -> open++;
      case ModelLexer.RPAREN, ModelLexer.RBRACKET -> open--;
      default -> {
        if (head == Head.KEYWORD) {
          head = name ? Head.NAME : Head.NONE;
        } else if (inputs || w.type() == ModelLexer.LBRACE) {
          head = Head.NONE;
        }
      }
    }
  }

  private int gap(int from, int to) {
    switch (to) {
      case ModelLexer.COMMA,
          ModelLexer.SEMICOLON,
          ModelLexer.COLON,
          ModelLexer.RPAREN,
          ModelLexer.RBRACKET,
          ModelLexer.DOT,
          ModelLexer.RANGE,
          ModelLexer.POWER -> {
        return 0;
      }
      case ModelLexer.LPAREN, ModelLexer.LBRACKET -> {
        if (operand) {
          return 0;
        }
      }
      case ModelLexer.RBRACE -> {
        return from == ModelLexer.LBRACE ? 0 : 1;
      }
      default -> {}
    }
    return switch (from) {
      case ModelLexer.LPAREN,
          ModelLexer.LBRACKET,
          ModelLexer.DOT,
          ModelLexer.RANGE,
          ModelLexer.POWER,
          ModelLexer.ELLIPSIS ->
          0;
      case ModelLexer.SEMICOLON -> WIDE;
      default -> sign ? 0 : 1;
    };
  }

  private static boolean isName(int type) {
    return switch (type) {
      case ModelLexer.IDENT, ModelLexer.FROM, ModelLexer.ON, ModelLexer.NONE -> true;
      default -> false;
    };
  }

  /** Behind an operand {@code on} is the word before a selector, elsewhere a name. */
  private boolean endsOperand(Word w) {
    return switch (w.type()) {
      case ModelLexer.ON -> !operand;
      case ModelLexer.IDENT,
          ModelLexer.FROM,
          ModelLexer.NONE,
          ModelLexer.INT,
          ModelLexer.FLOAT,
          ModelLexer.STRING,
          ModelLexer.TRUE,
          ModelLexer.FALSE,
          ModelLexer.RPAREN,
          ModelLexer.RBRACKET ->
          true;
      default -> false;
    };
  }
}
