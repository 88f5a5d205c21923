package modelc.frontend.parse;

import java.util.ArrayList;
import java.util.List;
import modelc.frontend.Limits;
import modelc.frontend.ast.Expr;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.frontend.diagnostic.Sources;
import modelc.grammar.ModelLexer;
import modelc.grammar.ModelParser;
import modelc.ir.Span;
import org.antlr.v4.runtime.CharStreams;
import org.antlr.v4.runtime.CommonTokenStream;
import org.antlr.v4.runtime.ListTokenSource;
import org.antlr.v4.runtime.Token;

/** Takes a text literal apart: escapes, and the expressions in its braces. */
final class TextBuilder {
  private final String file;
  private final Sources sources;
  private final Limits limits;
  private final List<Diagnostic> errors;

  TextBuilder(String file, Sources sources, Limits limits, List<Diagnostic> errors) {
    this.file = file;
    this.sources = sources;
    this.limits = limits;
    this.errors = errors;
  }

  Expr.Text text(Token token) {
    String s = token.getText();
    var pieces = new ArrayList<Expr.Piece>();
    var characters = new StringBuilder();
    int i = 1;
    while (i < s.length() - 1) {
      char c = s.charAt(i);
      if (c == '\\') {
        characters.append(escape(token, i, s.charAt(i + 1)));
        i += 2;
      } else if (c == '{') {
        int close = s.indexOf('}', i);
        if (close < 0) {
          errors.add(
              Diagnostic.of(Code.BAD_TEXT, at(token, i, i + 1), "this brace is not closed", "")
                  .withHelp("a brace that is meant as such is written `\\{`"));
          break;
        }
        if (!characters.isEmpty()) {
          pieces.add(new Expr.Piece.Characters(characters.toString()));
          characters.setLength(0);
        }
        shown(token, i + 1, close, pieces);
        i = close + 1;
      } else {
        characters.append(c);
        i++;
      }
    }
    if (!characters.isEmpty()) {
      pieces.add(new Expr.Piece.Characters(characters.toString()));
    }
    return new Expr.Text(pieces, Places.span(file, token));
  }

  private String escape(Token token, int at, char c) {
    return switch (c) {
      case 'n' -> "\n";
      case 't' -> "\t";
      case '"', '\\', '{', '}' -> String.valueOf(c);
      default -> {
        errors.add(
            Diagnostic.of(
                    Code.BAD_TEXT, at(token, at, at + 2), "there is no escape `\\" + c + "`", "")
                .withHelp("the escapes are \\n \\t \\\" \\\\ \\{ \\}"));
        yield "";
      }
    };
  }

  private void shown(Token token, int from, int to, List<Expr.Piece> pieces) {
    String inner = token.getText().substring(from, to);
    var lexer = new ModelLexer(CharStreams.fromString(inner, file));
    lexer.removeErrorListeners();
    lexer.getInterpreter().setLine(token.getLine());
    lexer.getInterpreter().setCharPositionInLine(token.getCharPositionInLine() + from);
    var tokens = new ArrayList<Token>(lexer.getAllTokens());
    tokens.add(lexer.emitEOF());
    var lines = new Lines(file, limits);
    List<Token> visible = lines.filter(tokens);
    var parser = new ModelParser(new CommonTokenStream(new ListTokenSource(visible)));
    parser.removeErrorListeners();
    var listener = new SyntaxErrors(file);
    parser.addErrorListener(listener);
    ModelParser.ExpressionContext tree = parser.expression();
    boolean rest = parser.getCurrentToken().getType() != Token.EOF;
    if (!listener.errors().isEmpty() || !lines.errors().isEmpty() || rest) {
      errors.add(
          Diagnostic.of(
                  Code.BAD_TEXT,
                  at(token, from, Math.max(to, from + 1)),
                  "this is not an expression",
                  "")
              .withHelp(
                  "braces in a text show a value; a brace that is meant as such is written `\\{`"));
      return;
    }
    var builder = new ExpressionBuilder(file, sources, limits);
    pieces.add(new Expr.Piece.Shown(builder.expression(tree)));
    errors.addAll(builder.errors());
  }

  private Span at(Token token, int from, int to) {
    int start = token.getCharPositionInLine() + 1;
    return new Span(file, token.getLine(), start + from, token.getLine(), start + to);
  }
}
