package modelc.bundle;

import modelc.runtime.DataException;
import modelc.runtime.DeviceException;
import modelc.runtime.FileException;
import modelc.runtime.LimitException;
import modelc.runtime.ModelcException;
import modelc.runtime.NativeException;
import modelc.runtime.NumericException;
import modelc.runtime.SourceException;
import modelc.runtime.UsageException;

/** The exit codes of the command line and of bundles; docs/cli.md explains them. */
public enum ExitCode {
  OK(0),
  /** The model or the data is wrong. */
  WRONG(1),
  USAGE(2),
  IO(3),
  LIMIT(4),
  NUMERIC(5),
  INTERNAL(70),
  INTERRUPTED(130);

  private final int code;

  ExitCode(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }

  /** That of a command which {@code failure} ended. */
  public static ExitCode of(ModelcException failure) {
    return switch (failure) {
      case UsageException _ -> USAGE;
      case DataException _, SourceException _ -> WRONG;
      case FileException _, DeviceException _ -> IO;
      case LimitException _ -> LIMIT;
      case NumericException _ -> NUMERIC;
      case NativeException _ -> INTERNAL;
    };
  }
}
