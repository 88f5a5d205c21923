package modelc.frontend.parse;

import modelc.grammar.ModelLexer;
import org.antlr.v4.runtime.Token;
import org.jspecify.annotations.Nullable;

/**
 * A token of a source to be laid out, a comment included: where it stood, and how its new place is
 * found.
 */
final class Word {
  private final Token token;
  private final SourceLine line;
  private final @Nullable Word before;
  private final int column;
  private @Nullable Word next;
  private @Nullable Word bracket;
  private @Nullable Word anchor;
  private int offset;
  private int gap = 1;
  private @Nullable Word previous;
  private @Nullable Column group;
  private int place = -1;

  /** {@code column}: where it stood, from 0. */
  Word(Token token, int column, SourceLine line, @Nullable Word before) {
    this.token = token;
    this.line = line;
    this.before = before;
    if (before == null) {
      this.column = column;
      return;
    }
    before.next = this;
    boolean joined = before.token.getLine() != token.getLine();
    this.column = joined ? before.column + before.width() + 1 : column;
  }

  int type() {
    return token.getType();
  }

  boolean isComment() {
    return type() == ModelLexer.COMMENT;
  }

  String text() {
    return isComment() ? token.getText().stripTrailing() : token.getText();
  }

  private int width() {
    return text().codePointCount(0, text().length());
  }

  int column() {
    return column;
  }

  int originalEnd() {
    return column + width();
  }

  SourceLine line() {
    return line;
  }

  @Nullable Word next() {
    return next;
  }

  boolean isFirst() {
    return before == null;
  }

  /** Stands inside that bracket, and no other in it. */
  void inside(@Nullable Word bracket) {
    this.bracket = bracket;
  }

  @Nullable Word bracket() {
    return bracket;
  }

  /** Whether it may stand in a column: what belongs to the word before it does not. */
  boolean isMovable() {
    return before != null && gap > 0;
  }

  /** Whether nothing but a comment follows on its line. */
  boolean endsLine() {
    return next == null || next.isComment();
  }

  /** Whether the word before it, on this line or another, is of that type. */
  boolean follows(int type) {
    return previous != null && previous.type() == type;
  }

  /** Puts it that many spaces behind {@code previous}, if both are on a line. */
  void gap(@Nullable Word previous, int gap) {
    this.previous = previous;
    this.gap = gap;
  }

  /** Whether it stood further from what is before it than it has to. */
  boolean isSetOff() {
    return before != null && column > before.column + before.width() + gap;
  }

  void indent(int column) {
    anchor = null;
    offset = column;
  }

  void under(Word anchor, int offset) {
    this.anchor = anchor;
    this.offset = offset;
  }

  void group(Column column) {
    group = column;
  }

  /** Where it stands now, from 0. */
  int place() {
    if (place < 0) {
      if (before == null) {
        place = (anchor == null ? 0 : anchor.place()) + offset;
      } else {
        place = group == null ? natural() : group.place();
      }
    }
    return place;
  }

  /** Where it would stand on its own; a comment behind words stays where it is if it can. */
  int natural() {
    int behind = before == null ? 0 : before.end() + gap;
    return isComment() ? Math.max(behind, column) : behind;
  }

  int end() {
    return place() + width();
  }
}
