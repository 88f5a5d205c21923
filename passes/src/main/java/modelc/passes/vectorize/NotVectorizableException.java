package modelc.passes.vectorize;

/**
 * Scalar code has no vector form that is known to be right; the loop pass then leaves it scalar.
 */
public final class NotVectorizableException extends RuntimeException {
  private static final long serialVersionUID = 1;

  NotVectorizableException(String reason) {
    super(reason);
  }
}
