package modelc.runtime;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A compiled model: its specification and its code; immutable, safe from any thread. It holds no
 * weights: those belong to its sessions.
 *
 * <p>{@link #close} closes the sessions still open, waiting for their calls in flight, and then
 * unloads the code.
 */
public final class Model implements AutoCloseable {
  private final ModelSpec spec;
  private final Code code;
  private final List<Variable> variables;
  private final Object closing = new Object();
  private final Set<Session> sessions = new HashSet<>();
  private boolean closed;

  /**
   * Takes over {@code code}: closing the model closes it.
   *
   * @throws DataException if {@code spec} contradicts itself
   */
  public Model(ModelSpec spec, NativeCode code) {
    this(spec, new Code.Native(code));
  }

  /**
   * A model that computes on {@code device}, and takes it over: closing the model closes it.
   *
   * @throws DataException if {@code spec} contradicts itself
   */
  public Model(ModelSpec spec, DeviceProgram program, Device device) {
    this(spec, new Code.OnDevice(device.choice(program), device));
    try {
      device.load(device.choice(program));
    } catch (RuntimeException e) {
      Closing.after(e, device::close);
      throw e;
    }
  }

  private Model(ModelSpec spec, Code code) {
    spec.verify();
    this.spec = spec;
    this.code = code;
    this.variables = spec.variables();
  }

  /**
   * Loads a library that {@code modelc compile} wrote; no compiler is needed.
   *
   * @throws FileException if it cannot be read
   * @throws DataException if it is no such library, damaged, or of another version
   * @throws UsageException if it was made for another machine
   */
  public static Model load(Path library) {
    return Artifact.open(library).load();
  }

  /**
   * Loads a library that is a resource, as in the jars of {@code modelc compile --format jar}. It
   * is copied to a temporary file, verified there, and the file deleted.
   *
   * @param anchor a class of the jar that has it
   * @param resource its name as {@link Class#getResourceAsStream} takes it
   * @throws FileException if there is none, or no room for the copy
   * @throws DataException if it is no such library, damaged, or of another version
   * @throws UsageException if it was made for another machine
   */
  public static Model load(Class<?> anchor, String resource) {
    return Artifact.load(anchor, resource);
  }

  public ModelSpec spec() {
    return spec;
  }

  /** What each session keeps between calls. */
  public List<Variable> variables() {
    return variables;
  }

  /** A session on all cores. */
  public Session open() {
    return open(Runtime.getRuntime().availableProcessors());
  }

  /**
   * A session with its own weights and threads.
   *
   * @param threads how many to compute with, counting the caller; more than the machine has cores
   *     would only be slower, so no more than that are used
   */
  public Session open(int threads) {
    if (threads < 1) {
      throw new UsageException(
          "R0103", "a session cannot compute on " + threads + " threads", "ask for at least 1");
    }
    synchronized (sessions) {
      if (closed) {
        throw closed();
      }
      var session =
          new Session(this, Math.min(threads, Runtime.getRuntime().availableProcessors()));
      sessions.add(session);
      return session;
    }
  }

  Code code() {
    return code;
  }

  /** What runs the entries. */
  sealed interface Code {
    /** Machine code in this process. */
    record Native(NativeCode functions) implements Code {}

    /** Kernels of a device. */
    record OnDevice(DeviceProgram program, Device device) implements Code {}
  }

  void forget(Session session) {
    synchronized (sessions) {
      sessions.remove(session);
    }
  }

  private UsageException closed() {
    return new UsageException(
        "R0104", "model " + spec.name() + " is closed", "open sessions before closing the model");
  }

  @Override
  public void close() {
    synchronized (closing) {
      List<Session> open;
      synchronized (sessions) {
        if (closed) {
          return;
        }
        closed = true;
        open = new ArrayList<>(sessions);
      }
      var steps = new ArrayList<Runnable>();
      open.forEach(s -> steps.add(s::close));
      steps.add(
          switch (code) {
            case Code.Native n -> n.functions()::close;
            case Code.OnDevice d -> d.device()::close;
          });
      Closing.all(steps);
    }
  }
}
