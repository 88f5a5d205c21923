package modelc.frontend.parse;

import java.util.ArrayList;
import java.util.List;
import modelc.grammar.ModelLexer;
import org.antlr.v4.runtime.Token;

/**
 * A text as tokens.
 *
 * @param all of them, with comments, spaces and every newline
 * @param seen those the parser is to see: of the newlines only such as end a statement
 */
record Lexed(List<Token> all, List<Token> seen) {
  /** A token without its place. */
  record Lexeme(int type, String text) {}

  /** What the text says: what the parser sees, and the comments; empty lines aside. */
  List<List<Lexeme>> words() {
    return List.of(
        lexemes(seen.stream().filter(t -> !isEnd(t)).toList()),
        lexemes(all.stream().filter(t -> t.getType() == ModelLexer.COMMENT).toList()),
        lexemes(ends()));
  }

  /** The tokens that a statement's end follows. */
  private List<Token> ends() {
    var ends = new ArrayList<Token>();
    for (int i = 1; i < seen.size(); i++) {
      if (isEnd(seen.get(i)) && !isEnd(seen.get(i - 1))) {
        ends.add(seen.get(i - 1));
      }
    }
    return ends;
  }

  private static boolean isEnd(Token t) {
    return t.getType() == ModelLexer.NL || t.getType() == Token.EOF;
  }

  private static List<Lexeme> lexemes(List<Token> tokens) {
    return tokens.stream().map(t -> new Lexeme(t.getType(), t.getText().stripTrailing())).toList();
  }
}
