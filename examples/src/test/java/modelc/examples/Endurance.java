package modelc.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import modelc.runtime.Call;
import modelc.runtime.Model;
import modelc.runtime.Session;

/**
 * Trains and opens and closes a compiled exclusive-or over and over, and prints what memory the
 * process holds as it goes: one number of kB a line, eleven for each. Run it with a heap that is
 * touched before, so that only memory outside of it can grow.
 */
final class Endurance {
  private static final int READINGS = 10;

  private Endurance() {}

  /** Arguments: the library, {@code steps} or {@code cycles}, and how many. */
  public static void main(String[] arguments) throws IOException {
    Path library = Path.of(arguments[0]);
    int count = Integer.parseInt(arguments[2]);
    Runnable some = arguments[1].equals("steps") ? null : () -> cycle(library);
    if (some != null) {
      measure(some, count);
      return;
    }
    try (Model model = Model.load(library);
        Session session = model.open(1)) {
      Call train = train(session);
      measure(train::run, count);
    }
  }

  private static void measure(Runnable one, int count) throws IOException {
    for (int reading = 0; reading <= READINGS; reading++) {
      for (int i = 0; i < count / READINGS; i++) { // the first tenth warms up
        one.run();
      }
      System.gc();
      System.out.println(residentKilobytes());
    }
  }

  private static void cycle(Path library) {
    try (Model model = Model.load(library);
        Session session = model.open(1);
        Call train = train(session)) {
      train.run();
    }
  }

  private static Call train(Session session) {
    session.init(1);
    Call train = session.call("train").size("batch", 4).seed(1);
    train.scalar("step", 1).scalar("steps", 10).scalar("epoch", 1);
    train.input("features").data().fill((byte) 0);
    train.input("target").data().fill((byte) 0);
    return train;
  }

  private static long residentKilobytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IOException("no VmRSS in /proc/self/status");
  }
}
