package modelc.ir.loop;

/**
 * Loop IR did something that has no meaning: the message names kernel, statement, index and sizes.
 */
public final class LoopCheckException extends RuntimeException {
  private static final long serialVersionUID = 1;

  LoopCheckException(String message) {
    super(message);
  }
}
