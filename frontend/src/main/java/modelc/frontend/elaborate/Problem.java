package modelc.frontend.elaborate;

import modelc.frontend.diagnostic.Diagnostic;
import org.jspecify.annotations.Nullable;

/**
 * Ends the evaluation of a statement: with what is wrong, or silently when that was reported
 * before.
 */
final class Problem extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient @Nullable Diagnostic diagnostic;

  Problem(@Nullable Diagnostic diagnostic) {
    super(diagnostic == null ? "reported before" : diagnostic.message(), null, false, false);
    this.diagnostic = diagnostic;
  }

  @Nullable Diagnostic diagnostic() {
    return diagnostic;
  }
}
