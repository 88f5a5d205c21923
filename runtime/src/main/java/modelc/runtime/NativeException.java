package modelc.runtime;

import org.jspecify.annotations.Nullable;

/** Compiled code reported a failure: a fault of the compiler, never of the model. */
public final class NativeException extends ModelcException {
  private static final long serialVersionUID = 1;

  public NativeException(String code, String message, String cure) {
    this(code, message, cure, null);
  }

  public NativeException(String code, String message, String cure, @Nullable Throwable cause) {
    super(code, message, cure, cause);
  }
}
