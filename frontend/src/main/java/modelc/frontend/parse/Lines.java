package modelc.frontend.parse;

import static modelc.frontend.parse.Places.span;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import modelc.frontend.Limits;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.grammar.ModelLexer;
import org.antlr.v4.runtime.Token;

/**
 * Decides which newlines end a statement: not those inside ( ) and [ ], not those beside a token
 * that cannot begin or end a statement. It also bounds nesting and the length of a statement,
 * before a recursive parser sees them.
 */
final class Lines {
  /** Between two operands: a newline on either side ends nothing. */
  private static final Set<Integer> INFIX =
      Set.of(
          ModelLexer.ARROW,
          ModelLexer.ELSE,
          ModelLexer.THEN,
          ModelLexer.PLUS,
          ModelLexer.MINUS,
          ModelLexer.TIMES,
          ModelLexer.OVER,
          ModelLexer.MODULO,
          ModelLexer.MATMUL,
          ModelLexer.POWER,
          ModelLexer.EQ,
          ModelLexer.NE,
          ModelLexer.LT,
          ModelLexer.LE,
          ModelLexer.GT,
          ModelLexer.GE,
          ModelLexer.AND,
          ModelLexer.OR,
          ModelLexer.RANGE);

  /** Before these a newline ends nothing. */
  private static final Set<Integer> CONTINUING = and(INFIX, ModelLexer.GRADIENT, ModelLexer.LBRACE);

  /** After these a statement cannot end. */
  private static final Set<Integer> OPEN_ENDED =
      and(
          INFIX,
          ModelLexer.NOT,
          ModelLexer.ASSIGN,
          ModelLexer.UPDATE,
          ModelLexer.COMMA,
          ModelLexer.COLON,
          ModelLexer.DOT);

  private final String file;
  private final Limits limits;
  private final List<Diagnostic> errors = new ArrayList<>();

  Lines(String file, Limits limits) {
    this.file = file;
    this.limits = limits;
  }

  private static Set<Integer> and(Set<Integer> tokens, Integer... more) {
    return Stream.concat(tokens.stream(), Stream.of(more)).collect(Collectors.toUnmodifiableSet());
  }

  /** What went over a limit. */
  List<Diagnostic> errors() {
    return errors;
  }

  /**
   * The tokens the parser is to see: no comments, no spaces, only newlines that end a statement.
   */
  List<Token> filter(List<? extends Token> tokens) {
    List<? extends Token> visible =
        tokens.stream().filter(t -> t.getChannel() == Token.DEFAULT_CHANNEL).toList();
    var kept = new ArrayList<Token>();
    var open = new ArrayDeque<Integer>();
    int sinceEnd = 0;
    for (int i = 0; i < visible.size(); i++) {
      Token t = visible.get(i);
      if (t.getType() == ModelLexer.NL) {
        Token next = nextOnALine(visible, i);
        boolean inside = !open.isEmpty() && open.peek() != ModelLexer.LBRACE;
        boolean after = !kept.isEmpty() && OPEN_ENDED.contains(kept.getLast().getType());
        if (inside || after || CONTINUING.contains(next.getType())) {
          continue;
        }
      }
      kept.add(t);
      sinceEnd = endsStatement(t) ? 0 : sinceEnd + 1;
      if (sinceEnd == limits.statementTokens()) {
        errors.add(
            Diagnostic.of(
                Code.LIMIT_STATEMENT,
                span(file, t),
                "this statement is longer than " + limits.statementTokens() + " words and signs",
                "the limit `statementTokens` is reached here"));
      }
      nest(t, open);
    }
    return kept;
  }

  private static boolean endsStatement(Token t) {
    return switch (t.getType()) {
      case ModelLexer.NL, ModelLexer.SEMICOLON, ModelLexer.LBRACE, ModelLexer.RBRACE -> true;
      default -> false;
    };
  }

  private static Token nextOnALine(List<? extends Token> tokens, int newline) {
    int i = newline;
    while (tokens.get(i).getType() == ModelLexer.NL) {
      i++;
    }
    return tokens.get(i);
  }

  private void nest(Token t, ArrayDeque<Integer> open) {
    switch (t.getType()) {
      case ModelLexer.LPAREN, ModelLexer.LBRACKET, ModelLexer.LBRACE -> {
        open.push(t.getType());
        if (open.size() == limits.nesting() + 1) {
          errors.add(
              Diagnostic.of(
                  Code.LIMIT_NESTING,
                  span(file, t),
                  "brackets are nested more than " + limits.nesting() + " deep",
                  "the limit `nesting` is reached here"));
        }
      }
      case ModelLexer.RPAREN, ModelLexer.RBRACKET, ModelLexer.RBRACE -> {
        if (!open.isEmpty()) {
          open.pop();
        }
      }
      default -> {}
    }
  }
}
