package modelc.frontend.parse;

import java.util.ArrayList;
import java.util.List;
import modelc.grammar.ModelLexer;
import org.antlr.v4.runtime.Token;

/** A line of a source to be laid out: words, and behind or instead of them a comment. */
final class SourceLine {
  private final List<Word> words = new ArrayList<>();
  private boolean blankBefore;
  private boolean goesOn;
  private boolean closesDeclaration;

  void add(Token t, int column) {
    words.add(new Word(t, column, this, words.isEmpty() ? null : words.getLast()));
  }

  List<Word> words() {
    return words;
  }

  Word first() {
    return words.getFirst();
  }

  Word last() {
    return words.getLast();
  }

  void blankBefore(boolean blank) {
    blankBefore = blank;
  }

  boolean isAfterBlank() {
    return blankBefore;
  }

  void goesOn(boolean on) {
    goesOn |= on && words.isEmpty();
  }

  /** Decided anew. */
  void goesOnIf(boolean on) {
    goesOn = on;
  }

  /** Whether it begins a layer or optimizer: its inputs may follow on a line of their own. */
  boolean isHead() {
    return first().type() == ModelLexer.LAYER || first().type() == ModelLexer.OPTIMIZER;
  }

  /** Whether it goes on with the statement of the line above. */
  boolean isGoingOn() {
    return goesOn;
  }

  /** Whether something can be put at its end. */
  boolean takesMore() {
    return !last().isComment();
  }

  void closesDeclaration(boolean closes) {
    closesDeclaration = closes;
  }

  boolean closesDeclaration() {
    return closesDeclaration;
  }

  boolean opens() {
    Word code = last().isComment() && words.size() > 1 ? words.get(words.size() - 2) : last();
    return code.type() == ModelLexer.LBRACE;
  }

  boolean closes() {
    return words.stream().anyMatch(w -> w.type() == ModelLexer.RBRACE);
  }

  int leadingCloses() {
    int n = 0;
    while (n < words.size() && words.get(n).type() == ModelLexer.RBRACE) {
      n++;
    }
    return n;
  }

  void write(StringBuilder out) {
    int at = 0;
    for (Word w : words) {
      out.repeat(' ', w.place() - at).append(w.text());
      at = w.end();
    }
    out.append('\n');
  }
}
