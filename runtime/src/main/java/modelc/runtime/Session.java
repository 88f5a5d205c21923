package modelc.runtime;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A model with weights, memory and threads of its own, ready to be called. It is confined to the
 * thread that opened it, or last {@linkplain #takeOver took it over}: another is refused.
 *
 * <p>{@link #close} may come from any thread, any number of times; it waits for the call in flight.
 */
public final class Session implements AutoCloseable {
  private final Model model;
  private final Team team;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment barrier;
  private final SequencedMap<String, MemorySegment> memory = new LinkedHashMap<>();
  private final Map<String, Variable> variables = new LinkedHashMap<>();
  private final Object closeLock = new Object();
  private final Semaphore permit = new Semaphore(1);
  private final Set<Call> calls = new HashSet<>();
  private volatile Thread owner = Thread.currentThread();
  private volatile @Nullable Thread caller;
  private volatile boolean closed;
  private boolean ready;
  private @Nullable Scratch scratch;
  private final @Nullable DeviceSession device;

  Session(Model model, int threads) {
    this.model = model;
    try {
      barrier = NativeMemory.allocate(arena, 128, "the barrier");
      for (Variable v : model.variables()) {
        variables.put(v.name(), v);
        memory.put(v.name(), NativeMemory.allocate(arena, v.bytes(), v.toString()));
      }
      device =
          model.code() instanceof Model.Code.OnDevice d
              ? new DeviceSession(model.spec(), d.program(), d.device(), sizedVariables())
              : null;
    } catch (ModelcException e) {
      arena.close();
      throw e;
    }
    ready = memory.isEmpty();
    team = new Team(device == null ? threads : 1, "modelc-" + model.spec().name());
  }

  /** The variables' memory without what pads it. */
  private Map<String, MemorySegment> sizedVariables() {
    var sized = new LinkedHashMap<String, MemorySegment>();
    memory.forEach((name, m) -> sized.put(name, m.asSlice(0, variableNamed(name).bytes())));
    return sized;
  }

  private Variable variableNamed(String name) {
    return java.util.Objects.requireNonNull(variables.get(name));
  }

  /** The session's memory on a device, if it computes there. */
  @Nullable DeviceSession device() {
    return device;
  }

  /** Memory that a column of a batch is assembled in, where this session reads it fastest. */
  BatchMemory batchMemory(long bytes, String what) {
    return device == null ? BatchMemory.onHost(bytes, what) : device.batchMemory(bytes);
  }

  public Model model() {
    return model;
  }

  /** How many threads compute, the caller included. */
  public int threads() {
    return team.size();
  }

  /**
   * The memory of a parameter or state itself, no copy: writing to it changes the session.
   *
   * <p>On a device other than the CPU it is brought up to date here, and what is written to it goes
   * there with the next run: ask again after each run.
   *
   * @throws UsageException if there is none of that name
   */
  public Tensor.Wrapped variable(String name) {
    checkUsable();
    Variable v = variables.get(name);
    MemorySegment m = memory.get(name);
    if (v == null || m == null) {
      throw new UsageException(
          "R0106",
          "model " + model.spec().name() + " keeps no \"" + name + '"',
          "it keeps " + String.join(", ", variables.keySet()));
    }
    if (device != null) {
      device.pull();
    }
    return Tensor.wrap(v.type(), v.shape(), m.asSlice(0, v.bytes()));
  }

  /** Parameters, states and optimizer states of the kinds asked for, by name; no copies. */
  public SequencedMap<String, Tensor> variables(Predicate<Kind> kinds) {
    SequencedMap<String, Tensor> found = new LinkedHashMap<>();
    for (Variable v : variables.values()) {
      if (kinds.test(v.kind())) {
        found.put(v.name(), variable(v.name()));
      }
    }
    return found;
  }

  /**
   * Makes the calling thread the one that may use the session: for pools of them.
   *
   * @throws UsageException if the session is in use, or closed
   */
  public void takeOver() {
    checkOpen();
    if (!permit.tryAcquire()) {
      throw notYours();
    }
    owner = Thread.currentThread();
    permit.release();
    checkOpen();
  }

  /**
   * A call of an entry, to be made once and run many times. Its buffers live until it is closed, or
   * the session is.
   *
   * @throws UsageException if there is none of that name
   */
  public Call call(String entry) {
    EntrySpec spec =
        model
            .spec()
            .entry(entry)
            .orElseThrow(
                () ->
                    new UsageException(
                        "R0107",
                        "model " + model.spec().name() + " has no entry \"" + entry + '"',
                        "it has "
                            + model.spec().entries().stream()
                                .map(EntrySpec::name)
                                .collect(Collectors.joining(", "))));
    synchronized (closeLock) {
      checkUsable();
      var call = new Call(this, spec);
      calls.add(call);
      return call;
    }
  }

  void closing(Call call) {
    if (closed) {
      return;
    }
    checkNotInside();
    synchronized (closeLock) {
      if (!closed) {
        enter();
        try {
          if (calls.remove(call)) {
            call.release();
          }
        } finally {
          exit();
        }
      }
    }
  }

  /** Runs {@code init}: fresh parameters, states and optimizer states drawn from {@code seed}. */
  public void init(long seed) {
    try (Call init = call("init")) {
      init.seed(seed).run();
    }
  }

  /**
   * Sets every parameter and state from a safetensors file, of weights or a checkpoint; optimizer
   * states too where the file has them.
   *
   * @throws DataException if the file does not fit the model: then nothing was changed
   */
  public void load(Path weights) {
    try (var file = Safetensors.open(weights)) {
      load(file, "", k -> k != Kind.OPTIMIZER_STATE, true);
    }
  }

  /**
   * Sets those parameters and states, by copying; the others keep what they have.
   *
   * @throws UsageException if there is none of a name, or a tensor has another type or shape than
   *     its variable: then nothing was changed
   */
  public void set(Map<String, Tensor> values) {
    values.forEach(
        (name, t) -> {
          Tensor mine = variable(name);
          if (mine.type() != t.type() || !mine.shape().equals(t.shape())) {
            throw new UsageException(
                "R0130",
                "variable " + name + " is " + mine + ", not " + t,
                "give a tensor of that type and shape");
          }
        });
    locked(() -> values.forEach((name, t) -> variable(name).data().copyFrom(t.data())));
    if (variables.values().stream()
        .allMatch(v -> v.kind() == Kind.OPTIMIZER_STATE || values.containsKey(v.name()))) {
      ready = true;
    }
  }

  /**
   * Sets variables from those entries of {@code file} that have {@code prefix} before their names.
   *
   * @param required the kinds that must be there
   * @param strict whether an entry that names no variable is an error
   */
  void load(Safetensors file, String prefix, Predicate<Kind> required, boolean strict) {
    var chosen = new LinkedHashMap<Variable, Safetensors.Entry>();
    var wrong = new ArrayList<String>();
    for (Variable v : variables.values()) {
      Optional<Safetensors.Entry> e = file.entry(prefix + v.name());
      if (e.isPresent()) {
        chosen.put(v, e.get());
        if (e.get().type() != v.type() || !e.get().shape().equals(v.shape())) {
          wrong.add(v + " is " + e.get().type() + Tensor.text(e.get().shape()) + " in the file");
        }
      } else if (required.test(v.kind())) {
        wrong.add(v + " is not in the file");
      }
    }
    for (Safetensors.Entry e : file.entries()) {
      boolean best = e.name().startsWith(Checkpoint.BEST); // beside the weights of a checkpoint
      if (strict && !best && !variables.containsKey(e.name())) {
        wrong.add(e.name() + ": " + e.type() + Tensor.text(e.shape()) + " is in the file only");
      }
    }
    if (!wrong.isEmpty()) {
      throw misfit(file, wrong);
    }
    // Nothing is changed unless the whole file can be read.
    try (Arena staging = Arena.ofShared()) {
      var read = new LinkedHashMap<String, MemorySegment>();
      chosen.forEach((v, e) -> read.put(v.name(), file.read(e, staging).data()));
      locked(() -> read.forEach((name, data) -> variable(name).data().copyFrom(data)));
    }
    ready = true;
  }

  private DataException misfit(Safetensors file, List<String> wrong) {
    int shown = Math.min(wrong.size(), 8);
    String more = wrong.size() > shown ? "\n  and " + (wrong.size() - shown) + " more" : "";
    return new DataException(
        "R0201",
        file.path()
            + " does not hold the weights of "
            + model.spec().name()
            + ":\n  "
            + String.join("\n  ", wrong.subList(0, shown))
            + more,
        "use weights saved from the same model with the same settings; a label (`-> fc1:"
            + " dense(10)`) pins a name");
  }

  /**
   * Writes parameters and states as a safetensors file, atomically; the same weights give the same
   * bytes.
   */
  public void save(Path weights) {
    save(weights, Map.of());
  }

  /**
   * As {@link #save(Path)}, with more metadata: what whoever uses the weights should know.
   *
   * @param metadata any keys but {@code format} and {@code model}
   */
  public void save(Path weights, Map<String, String> metadata) {
    var all = new java.util.HashMap<>(metadata);
    all.put("format", "modelc");
    all.put("model", model.spec().name());
    locked(
        () ->
            Safetensors.write(
                weights, all, variables(k -> k == Kind.PARAMETER || k == Kind.STATE)));
  }

  /**
   * Tries whether {@link #save} could write there, before hours of work depend on it.
   *
   * @throws FileException if it could not
   */
  public void prepareSave(Path weights) {
    long bytes = 1 << 20; // and a header
    for (Tensor t : variables(k -> k == Kind.PARAMETER || k == Kind.STATE).values()) {
      bytes += t.data().byteSize();
    }
    AtomicFile.prepare(weights, bytes);
  }

  /** Notes that the variables have values. */
  void markReady() {
    ready = true;
  }

  boolean isReady() {
    return ready;
  }

  MemorySegment variableMemory(String name) {
    return java.util.Objects.requireNonNull(memory.get(name));
  }

  long barrierAddress() {
    return barrier.address();
  }

  /**
   * Scratch of at least that size, shared by the calls of the session; only under {@link #locked}.
   */
  long scratchAddress(long bytes) {
    Scratch present = scratch;
    if (present == null || present.memory.byteSize() < bytes) {
      var larger = new Scratch(bytes);
      if (present != null) {
        present.arena.close();
      }
      scratch = larger;
      return larger.memory.address();
    }
    return present.memory.address();
  }

  /** Memory that entries use for their intermediate values. */
  private static final class Scratch {
    final Arena arena = Arena.ofShared();
    final MemorySegment memory;

    Scratch(long bytes) {
      try {
        memory = NativeMemory.allocate(arena, bytes, "the arena");
      } catch (ModelcException e) {
        arena.close();
        throw e;
      }
    }
  }

  Team team() {
    return team;
  }

  /** Runs {@code work} as the one call of the moment. */
  void locked(Runnable work) {
    enter();
    try {
      work.run();
    } finally {
      exit();
    }
  }

  void enter() {
    checkUsable();
    if (!permit.tryAcquire()) {
      checkOpen();
      throw notYours();
    }
    if (closed || owner != Thread.currentThread()) { // since it was looked at
      permit.release();
      checkUsable();
    }
    caller = Thread.currentThread();
  }

  private UsageException notYours() {
    return new UsageException(
        "R0109",
        "this session of "
            + model.spec().name()
            + " belongs to another thread, "
            + owner.getName()
            + ", or is in a call",
        "open a session for each thread, or hand it on with session.takeOver()");
  }

  void exit() {
    caller = null;
    permit.release();
  }

  /** Refuses unless the session is open and the calling thread's. */
  void checkUsable() {
    checkOpen();
    if (owner != Thread.currentThread()) {
      throw notYours();
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new UsageException(
          "R0108",
          "this session of " + model.spec().name() + " is closed",
          "use the session inside its try block");
    }
  }

  private void checkNotInside() {
    if (caller == Thread.currentThread()) {
      throw new UsageException(
          "R0110", "a session cannot be closed from inside its own call", "close it afterwards");
    }
  }

  @Override
  public void close() {
    checkNotInside();
    synchronized (closeLock) {
      if (closed) {
        return;
      }
      closed = true;
      permit.acquireUninterruptibly();
      team.close();
      try {
        closeAll();
      } finally {
        release(arena);
        model.forget(this);
      }
    }
  }

  /** A device may fail even here; what can be freed is, and the first failure is told. */
  private void closeAll() {
    var closing = new ArrayList<Runnable>();
    calls.forEach(c -> closing.add(c::release));
    if (scratch != null) {
      Arena shared = scratch.arena;
      closing.add(() -> release(shared));
    }
    if (device != null) {
      closing.add(device::close);
    }
    Closing.all(closing);
  }

  /**
   * Closes {@code arena}, waiting for threads that write its memory to a file or channel at this
   * moment.
   */
  static void release(Arena arena) {
    while (true) {
      try {
        arena.close();
        return;
      } catch (IllegalStateException inUse) {
        java.util.concurrent.locks.LockSupport.parkNanos(100_000);
      }
    }
  }
}
