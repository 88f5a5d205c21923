package modelc.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Another framework's training step in a process of its own, which runs only while it is timed:
 * between times the process is stopped, because some thread pools spin while they wait.
 */
final class Peer implements AutoCloseable {
  private final String name;
  private final Process process;
  private final BufferedReader from;
  private final PrintStream to;

  private Peer(String name, Process process, BufferedReader from, PrintStream to) {
    this.name = name;
    this.process = process;
    this.from = from;
    this.to = to;
  }

  /** Starts {@code script} for {@code network} and waits until it is warm. */
  static Peer start(
      Path python, Path script, String network, int batch, int threads, String wait, String mode)
      throws IOException {
    var builder =
        new ProcessBuilder(
            List.of(
                python.toString(),
                script.toString(),
                network,
                Integer.toString(batch),
                Integer.toString(threads),
                mode));
    builder.environment().put("OMP_WAIT_POLICY", wait);
    builder.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    Process process = builder.start();
    var peer =
        new Peer(
            "T=" + threads + " " + wait + (mode.equals("eager") ? "" : " " + mode),
            process,
            process.inputReader(StandardCharsets.UTF_8),
            new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8));
    String ready = peer.from.readLine();
    if (ready == null || !ready.startsWith("ready")) {
      throw new IOException("the peer did not start: " + python + " " + script + " said " + ready);
    }
    peer.signal("STOP");
    return peer;
  }

  String name() {
    return name;
  }

  /** Milliseconds a step, over {@code steps} steps. */
  double time(int steps) throws IOException {
    signal("CONT");
    to.println(steps);
    String seconds = from.readLine();
    signal("STOP");
    if (seconds == null) {
      throw new IOException(name + " ended early");
    }
    return Double.parseDouble(seconds) * 1e3 / steps;
  }

  private void signal(String signal) throws IOException {
    try {
      new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
