package modelc.runtime;

import org.jspecify.annotations.Nullable;

/** A device, or its driver, is missing, refuses, or failed. */
public final class DeviceException extends ModelcException {
  private static final long serialVersionUID = 1;

  public DeviceException(String code, String message, String cure) {
    this(code, message, cure, null);
  }

  public DeviceException(String code, String message, String cure, @Nullable Throwable cause) {
    super(code, message, cure, cause);
  }
}
