package modelc.ir.loop;

import java.util.List;

/** Loop IR that breaks a rule of {@link LoopVerifier}: a fault of the pass that made it. */
public final class InvalidLoopException extends RuntimeException {
  private static final long serialVersionUID = 1;

  InvalidLoopException(List<String> problems) {
    super(String.join("\n", problems));
  }
}
