package modelc.ptx.syntax;

/** The text is no PTX, or uses a part of the language that is not supported. */
public final class SyntaxException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int line;

  /**
   * An error.
   *
   * @param line in the PTX text, from 1
   */
  public SyntaxException(int line, String message) {
    super(message);
    this.line = line;
  }

  public int line() {
    return line;
  }
}
