package modelc.runtime;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a session with its sizes and buffers, made once and run many times; confined as its
 * session is. It allocates nothing when it runs.
 *
 * <p>Sizes start at their maxima. An input reads the call's own memory, which is written through
 * {@link #input} or by copying with {@link #set}, or in place the caller's, after {@link #bind}.
 *
 * <p>Its memory is freed when it is closed, or else with its session.
 */
public final class Call implements AutoCloseable {
  private static final int FIXED_SLOTS = 2;

  private final Session session;
  private final EntrySpec spec;
  private final Entering entering;
  private final long[] sizes;
  private final Slot[] slots;
  private final Map<String, Slot> inputs = new HashMap<>();
  private final Map<String, Slot> results = new HashMap<>();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment context;
  private final boolean initialises;
  private List<MemorySegment> bound = List.of();
  private MemorySegment[] held = {};
  private boolean changed = true;
  private volatile boolean closed;

  /** Enters the entry and waits until it is done. */
  private interface Entering extends AutoCloseable {
    void run();

    @Override
    default void close() {}
  }

  /** A native argument or result, and the memory it is bound to. */
  private static final class Slot {
    final String name;
    final ElementType type;
    final List<DimSpec> shape;

    /** The call's own, or its session's. */
    @Nullable MemorySegment own;

    /** What native code is given: {@link #own}, or the caller's. */
    @Nullable MemorySegment memory;

    boolean foreign() {
      return memory != null && !memory.equals(own);
    }

    void use(MemorySegment mine) {
      own = mine;
      memory = mine;
    }

    Slot(String name, ElementType type, List<DimSpec> shape) {
      this.name = name;
      this.type = type;
      this.shape = shape;
    }
  }

  Call(Session session, EntrySpec spec) {
    this.session = session;
    this.spec = spec;
    this.sizes = spec.symbols().stream().mapToLong(this::max).toArray();
    List<ResultSpec> own = spec.ownResults();
    this.initialises = own.stream().anyMatch(r -> r.kind().isVariable());
    this.slots = new Slot[spec.arguments().size() + own.size()];
    try {
      makeSlots(own);
      this.context =
          NativeMemory.allocate(
              arena, 8L * (FIXED_SLOTS + sizes.length + slots.length), "the context");
      this.entering = entering();
    } catch (ModelcException e) {
      arena.close();
      throw e;
    }
  }

  private void makeSlots(List<ResultSpec> own) {
    int at = 0;
    for (ArgumentSpec a : spec.arguments()) {
      var slot = new Slot(a.name(), a.type(), a.shape());
      slots[at++] = slot;
      if (a.kind().isVariable()) {
        slot.use(session.variableMemory(a.name()));
      } else {
        inputs.put(a.name(), slot);
        if (a.kind() == Kind.SCALAR) {
          slot.use(allocate(slot));
        }
      }
    }
    for (ResultSpec r : own) {
      var slot = new Slot(r.name(), r.type(), r.shape());
      slots[at++] = slot;
      results.put(r.name(), slot);
      slot.use(r.kind().isVariable() ? session.variableMemory(r.name()) : allocate(slot));
    }
  }

  private Entering entering() {
    DeviceSession device = session.device();
    if (device != null) {
      return onDevice(new DeviceCall(device, spec, sizes.clone()));
    }
    if (!(session.model().code() instanceof Model.Code.Native n)) {
      throw new IllegalStateException("a session without its device");
    }
    MemorySegment function = n.functions().entry(spec.name());
    return () -> {
      context.set(JAVA_LONG, 0, session.scratchAddress(spec.arenaBytes()));
      Held.during(held, () -> enter(function));
    };
  }

  private Entering onDevice(DeviceCall call) {
    return new Entering() {
      @Override
      public void run() {
        List<MemorySegment> memory = Arrays.stream(slots).map(Call.this::memory).toList();
        Held.during(held, () -> call.run(sizes, memory));
      }

      @Override
      public void close() {
        call.close();
      }
    };
  }

  public EntrySpec spec() {
    return spec;
  }

  private long max(String symbol) {
    return session.model().spec().symbol(symbol).orElseThrow().max();
  }

  /** A block as large as the slot ever needs. */
  private MemorySegment allocate(Slot slot) {
    long bytes = DimSpec.elements(slot.shape, this::max) * slot.type.bytes();
    return NativeMemory.allocate(arena, bytes, slot.name);
  }

  /**
   * Sets a size for the runs to come, e.g. {@code call.size("batch", 17)}.
   *
   * @throws UsageException if it is not from 1 to the planned maximum
   */
  public Call size(String symbol, long value) {
    checkOpen();
    int i = spec.symbols().indexOf(symbol);
    if (i < 0) {
      throw new UsageException(
          "R0111",
          "entry " + spec.name() + " has no size \"" + symbol + '"',
          "its sizes are " + spec.symbols());
    }
    if (value < 1 || value > max(symbol)) {
      throw new UsageException(
          "R0112",
          symbol + " " + value + " is not from 1 to " + max(symbol),
          value < 1
              ? "pass at least one"
              : "pass smaller pieces, or compile with a larger maximum");
    }
    if (sizes[i] != value) {
      sizes[i] = value;
      changed = true;
    }
    return this;
  }

  private long sizeOf(String symbol) {
    return sizes[spec.symbols().indexOf(symbol)];
  }

  /** Whether the entry takes an argument of that name that is not a variable. */
  public boolean takes(String input) {
    return inputs.containsKey(input);
  }

  /**
   * The call's own memory of an input or scalar, at its present sizes: write here before {@link
   * #run}.
   */
  public Tensor.Wrapped input(String name) {
    Slot slot = inputSlot(name);
    if (slot.memory == null || slot.foreign()) {
      slot.use(slot.own != null ? slot.own : allocate(slot));
      changed = true;
    }
    return tensor(slot);
  }

  /**
   * Copies {@code value} to an input.
   *
   * @throws UsageException if it has another type or shape than the input at its present sizes
   */
  public Call set(String name, Tensor value) {
    fit(inputSlot(name), value);
    input(name).data().copyFrom(value.data());
    return this;
  }

  /**
   * Lets an input read the caller's tensor in place, without a copy, as {@link #bind(String,
   * MemorySegment)} does.
   *
   * @throws UsageException if it has another type or shape than the input at its present sizes, or
   *     its memory cannot be used in place
   */
  public Call bind(String name, Tensor.Wrapped value) {
    fit(inputSlot(name), value);
    return bind(name, value.data());
  }

  private void fit(Slot slot, Tensor value) {
    if (value.type() != slot.type || !value.shape().equals(shape(slot))) {
      throw new UsageException(
          "R0125",
          "input "
              + slot.name
              + " of entry "
              + spec.name()
              + " is "
              + slot.type
              + Tensor.text(shape(slot))
              + " at the present sizes, not "
              + value,
          "give a tensor of that type and shape, or set call.size(...) first");
    }
  }

  /**
   * Lets an input read the caller's memory, without a copy. The caller keeps it open until the last
   * run; closing it during one is refused by its arena.
   *
   * @param data native and 64-byte aligned
   * @throws UsageException if it is not; a size too small is reported by {@link #run}
   */
  public Call bind(String name, MemorySegment data) {
    Slot slot = inputSlot(name);
    if (!data.isNative() || data.address() % NativeMemory.ALIGNMENT != 0) {
      throw new UsageException(
          "R0113",
          "input " + name + " is bound to memory that is not native and 64-byte aligned",
          "allocate it with arena.allocate(bytes, 64), or copy it with call.set(\""
              + name
              + "\", ...)");
    }
    slot.memory = data;
    changed = true;
    return this;
  }

  /**
   * What an argument holds at the present sizes: a variable's memory, or what an input or scalar is
   * bound to.
   *
   * @throws UsageException if there is none of that name, or it was never given
   */
  public Tensor.Wrapped argument(String name) {
    return spec.argument(name).filter(a -> a.kind().isVariable()).isPresent()
        ? session.variable(name)
        : tensor(inputSlot(name));
  }

  /**
   * Lets every input and scalar read what those of {@code other} read, at the same sizes; nothing
   * is copied.
   *
   * @throws UsageException if {@code other} lacks one
   */
  public Call bindAs(Call other) {
    for (String symbol : spec.symbols()) {
      size(symbol, other.sizeOf(symbol));
    }
    inputs.forEach(
        (name, slot) -> {
          slot.memory = other.inputSlot(name).memory;
        });
    changed = true;
    return this;
  }

  /**
   * Sets an f64[] scalar such as {@code step}; does nothing if the entry takes none of that name.
   */
  public Call scalar(String name, double value) {
    if (takesScalar(name, ElementType.F64)) {
      input(name).data().set(ValueLayout.JAVA_DOUBLE, 0, value);
    }
    return this;
  }

  /** Sets the i32[2] {@code seed}; does nothing if the entry takes none. */
  public Call seed(long seed) {
    if (takesScalar("seed", ElementType.I32)) {
      MemorySegment m = input("seed").data();
      m.setAtIndex(ValueLayout.JAVA_INT, 0, (int) seed);
      m.setAtIndex(ValueLayout.JAVA_INT, 1, (int) (seed >> 32));
    }
    return this;
  }

  private boolean takesScalar(String name, ElementType type) {
    session.checkUsable();
    return spec.argument(name).filter(a -> a.kind() == Kind.SCALAR && a.type() == type).isPresent();
  }

  /**
   * Runs the entry on all threads of the session and waits for it.
   *
   * @throws UsageException if an input is missing or too small, or the session is closed, in use,
   *     another thread's, or without weights
   * @throws NativeException if compiled code reports a failure
   */
  public void run() {
    session.enter();
    try {
      checkOpen();
      prepare();
      entering.run();
    } finally {
      session.exit();
    }
    if (initialises) {
      session.markReady();
    }
  }

  private void enter(MemorySegment function) {
    int status = session.team().run(function, context.address());
    if (status != 0) {
      throw new NativeException(
          "R0114",
          "entry " + spec.name() + " returned status " + status,
          "report it together with the .model file");
    }
  }

  private void prepare() {
    if (!session.isReady() && !initialises) {
      throw new UsageException(
          "R0115",
          "this session of " + session.model().spec().name() + " has no weights yet",
          "call session.init(seed) or session.load(path) first");
    }
    if (changed) {
      writeContext(sizes.clone());
      changed = false;
    }
    for (MemorySegment foreign : bound) {
      checkUsable(foreign);
    }
  }

  private void checkUsable(MemorySegment memory) {
    if (!memory.scope().isAlive()) {
      throw new UsageException(
          "R0116",
          "memory bound to an input of entry " + spec.name() + " was closed",
          "keep its arena open until the last run");
    }
    if (!memory.isAccessibleBy(Thread.currentThread())) {
      throw new UsageException(
          "R0126",
          "memory bound to an input of entry " + spec.name() + " is confined to another thread",
          "allocate it in this thread, or in Arena.ofShared()");
    }
  }

  /** What is written here is what is checked here, even if another thread meddles meanwhile. */
  private void writeContext(long[] now) {
    var foreign = new ArrayList<MemorySegment>();
    context.setAtIndex(JAVA_LONG, 1, session.barrierAddress());
    int at = FIXED_SLOTS;
    for (long size : now) {
      context.setAtIndex(JAVA_LONG, at++, size);
    }
    for (Slot slot : slots) {
      MemorySegment m = memory(slot);
      long needed =
          DimSpec.elements(slot.shape, s -> now[spec.symbols().indexOf(s)]) * slot.type.bytes();
      if (m.byteSize() < needed) {
        throw new UsageException(
            "R0118",
            "input " + slot.name + " needs " + needed + " bytes, its memory has " + m.byteSize(),
            "bind memory for " + slot.type + Tensor.text(shape(slot)));
      }
      context.setAtIndex(JAVA_LONG, at++, m.address());
      if (!m.equals(slot.own)) {
        foreign.add(m);
      }
    }
    bound = List.copyOf(foreign);
    held = Held.closable(foreign);
  }

  private MemorySegment memory(Slot slot) {
    MemorySegment m = slot.memory;
    if (m == null) {
      throw new UsageException(
          "R0117",
          "input " + slot.name + " of entry " + spec.name() + " was never given",
          "write to call.input(\"" + slot.name + "\") or bind memory to it");
    }
    return m;
  }

  /** A result at the present sizes: the call's own memory, overwritten by the next run. */
  public Tensor.Wrapped output(String name) {
    checkOpen();
    Slot slot = results.get(name);
    if (slot == null) {
      throw new UsageException(
          "R0119",
          "entry " + spec.name() + " gives no \"" + name + '"',
          "it gives " + String.join(", ", results.keySet().stream().sorted().toList()));
    }
    return tensor(slot);
  }

  /** A result of kind LOSS or METRIC. */
  public float value(String name) {
    return single(name, ElementType.F32).get(ValueLayout.JAVA_FLOAT, 0);
  }

  /** A result of type BOOL[]. */
  public boolean flag(String name) {
    return single(name, ElementType.BOOL).get(ValueLayout.JAVA_BYTE, 0) != 0;
  }

  private MemorySegment single(String name, ElementType type) {
    Tensor.Wrapped result = output(name);
    if (result.type() != type || result.elements() != 1) {
      throw new UsageException(
          "R0129",
          "result " + name + " of entry " + spec.name() + " is " + result + ", not one " + type,
          "read it with call.output(\"" + name + "\")");
    }
    return result.data();
  }

  private Slot inputSlot(String name) {
    checkOpen();
    Slot slot = inputs.get(name);
    if (slot == null) {
      throw new UsageException(
          "R0120",
          "entry " + spec.name() + " takes no \"" + name + '"',
          "it takes " + String.join(", ", inputs.keySet().stream().sorted().toList()));
    }
    return slot;
  }

  private List<Long> shape(Slot slot) {
    return slot.shape.stream().map(d -> d.evaluate(this::sizeOf)).toList();
  }

  private void checkOpen() {
    session.checkUsable();
    if (closed) {
      throw new UsageException(
          "R0127", "this call of " + spec.name() + " is closed", "make another: session.call(...)");
    }
  }

  /** Frees its memory, once a run in flight has ended; again does nothing. */
  @Override
  public void close() {
    session.closing(this);
  }

  /** Frees its memory; no run may be in flight. */
  void release() {
    closed = true;
    try {
      entering.close();
    } finally {
      Session.release(arena);
    }
  }

  private Tensor.Wrapped tensor(Slot slot) {
    List<Long> shape = shape(slot);
    return Tensor.wrap(slot.type, shape, memory(slot).asSlice(0, Tensor.bytes(slot.type, shape)));
  }
}
