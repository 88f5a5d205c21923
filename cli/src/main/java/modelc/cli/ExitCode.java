package modelc.cli;

/** The exit codes of the command line; docs/cli.md explains them. */
enum ExitCode {
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

  int code() {
    return code;
  }
}
