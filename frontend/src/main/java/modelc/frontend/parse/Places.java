package modelc.frontend.parse;

import modelc.ir.Span;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;

/** The places of tokens and parse tree nodes as spans. */
final class Places {
  private Places() {}

  static Span span(String file, Token t) {
    int column = t.getCharPositionInLine() + 1;
    boolean invisible =
        t.getType() == Token.EOF || t.getText().startsWith("\n") || t.getText().startsWith("\r");
    int length = invisible ? 1 : t.getText().length();
    return new Span(file, t.getLine(), column, t.getLine(), column + length);
  }

  static Span span(String file, ParserRuleContext c) {
    return join(
        span(file, c.getStart()), span(file, c.getStop() == null ? c.getStart() : c.getStop()));
  }

  static Span join(Span from, Span to) {
    return new Span(from.file(), from.line(), from.column(), to.endLine(), to.endColumn());
  }
}
