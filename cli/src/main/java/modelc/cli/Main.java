package modelc.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Entry point of the command line. */
@Command(
    name = "modelc",
    mixinStandardHelpOptions = true,
    version = "modelc 0.1.0-SNAPSHOT",
    description = "Compiles .model files to native code, trains and runs them.")
public final class Main implements Runnable {

  private Main() {}

  /** Runs the command line and exits with its status. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new Main()).execute(args));
  }

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }
}
