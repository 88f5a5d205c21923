package modelc.ir.loop;

/** The text is not Loop IR; the message says where, counting lines and columns from 1. */
public final class LoopParseException extends RuntimeException {
  private static final long serialVersionUID = 1;

  LoopParseException(int line, int column, String message) {
    super(line + ":" + column + ": " + message);
  }
}
