package modelc.runtime;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a session with its sizes and buffers, made once and run many times; confined as its
 * session is. It allocates nothing when it runs.
 *
 * <p>Sizes start at their maxima. Inputs are either the call's own buffers ({@link #input}), or the
 * caller's ({@link #bind}).
 */
public final class Call {
  private static final int FIXED_SLOTS = 2;

  private final Session session;
  private final EntrySpec spec;
  private final MemorySegment function;
  private final long[] sizes;
  private final Slot[] slots;
  private final Map<String, Slot> inputs = new HashMap<>();
  private final Map<String, Slot> results = new HashMap<>();
  private final MemorySegment context;
  private final boolean initialises;
  private boolean changed = true;

  /** A native argument or result, and the memory it is bound to. */
  private static final class Slot {
    final String name;
    final ElementType type;
    final List<DimSpec> shape;
    @Nullable MemorySegment memory;
    boolean foreign;

    Slot(String name, ElementType type, List<DimSpec> shape) {
      this.name = name;
      this.type = type;
      this.shape = shape;
    }
  }

  Call(Session session, EntrySpec spec, MemorySegment function) {
    this.session = session;
    this.spec = spec;
    this.function = function;
    this.sizes = spec.symbols().stream().mapToLong(this::max).toArray();
    List<ResultSpec> own = spec.ownResults();
    this.slots = new Slot[spec.arguments().size() + own.size()];
    int at = 0;
    for (ArgumentSpec a : spec.arguments()) {
      var slot = new Slot(a.name(), a.type(), a.shape());
      slots[at++] = slot;
      if (a.kind().isVariable()) {
        slot.memory = session.variableMemory(a.name());
      } else {
        inputs.put(a.name(), slot);
        if (a.kind() == Kind.SCALAR) {
          slot.memory = allocate(slot);
        }
      }
    }
    for (ResultSpec r : own) {
      var slot = new Slot(r.name(), r.type(), r.shape());
      slots[at++] = slot;
      results.put(r.name(), slot);
      slot.memory = r.kind().isVariable() ? session.variableMemory(r.name()) : allocate(slot);
    }
    this.initialises = own.stream().anyMatch(r -> r.kind().isVariable());
    this.context =
        NativeMemory.allocate(
            session.arena(), 8L * (FIXED_SLOTS + sizes.length + slots.length), "the context");
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
    return NativeMemory.allocate(session.arena(), bytes, slot.name);
  }

  /**
   * Sets a size for the runs to come, e.g. {@code call.size("batch", 17)}.
   *
   * @throws UsageException if it is not from 1 to the planned maximum
   */
  public Call size(String symbol, long value) {
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
  public Tensor input(String name) {
    Slot slot = inputSlot(name);
    if (slot.memory == null || slot.foreign) {
      slot.memory = allocate(slot);
      slot.foreign = false;
      changed = true;
    }
    return tensor(slot);
  }

  /**
   * Lets an input read the caller's memory, without a copy. The caller keeps it open while the call
   * runs.
   *
   * @param data native, 64-byte aligned, and readable up to the next multiple of 64 bytes
   * @throws UsageException if it is not; a size too small is reported by {@link #run}
   */
  public Call bind(String name, MemorySegment data) {
    Slot slot = inputSlot(name);
    if (!data.isNative() || data.address() % NativeMemory.ALIGNMENT != 0) {
      throw new UsageException(
          "R0113",
          "input " + name + " is bound to memory that is not native and 64-byte aligned",
          "allocate it with arena.allocate(bytes, 64), or copy into call.input(\"" + name + "\")");
    }
    slot.memory = data;
    slot.foreign = true;
    changed = true;
    return this;
  }

  /**
   * What an argument holds at the present sizes: a variable's memory, or what an input or scalar is
   * bound to.
   *
   * @throws UsageException if there is none of that name, or it was never given
   */
  public Tensor argument(String name) {
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
          slot.foreign = true;
        });
    changed = true;
    return this;
  }

  /** Sets an f64[] scalar such as {@code step}, if the entry takes it. */
  public Call scalar(String name, double value) {
    Slot slot = inputs.get(name);
    if (slot != null) {
      java.util.Objects.requireNonNull(slot.memory).set(ValueLayout.JAVA_DOUBLE, 0, value);
    }
    return this;
  }

  /** Sets the i32[2] {@code seed}, low half first, if the entry takes it. */
  public Call seed(long seed) {
    Slot slot = inputs.get("seed");
    if (slot != null) {
      MemorySegment m = java.util.Objects.requireNonNull(slot.memory);
      m.setAtIndex(ValueLayout.JAVA_INT, 0, (int) seed);
      m.setAtIndex(ValueLayout.JAVA_INT, 1, (int) (seed >> 32));
    }
    return this;
  }

  /**
   * Runs the entry on all threads of the session and waits for it.
   *
   * @throws UsageException if an input is missing or too small, the session is closed, in use, or
   *     without weights
   * @throws NativeException if compiled code reports a failure
   */
  public void run() {
    session.enter();
    try {
      prepare();
      context.set(JAVA_LONG, 0, session.scratchAddress(spec.arenaBytes()));
      int status = session.team().run(function, context.address());
      if (status != 0) {
        throw new NativeException(
            "R0114",
            "entry " + spec.name() + " returned status " + status,
            "report it together with the .model file");
      }
    } finally {
      session.exit();
    }
    if (initialises) {
      session.markReady();
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
      writeContext();
      changed = false;
    }
    for (Slot slot : slots) {
      if (slot.foreign && !java.util.Objects.requireNonNull(slot.memory).scope().isAlive()) {
        throw new UsageException(
            "R0116",
            "the memory bound to input " + slot.name + " was closed",
            "keep its arena open until the last run");
      }
    }
  }

  private void writeContext() {
    context.setAtIndex(JAVA_LONG, 1, session.barrierAddress());
    int at = FIXED_SLOTS;
    for (long size : sizes) {
      context.setAtIndex(JAVA_LONG, at++, size);
    }
    for (Slot slot : slots) {
      MemorySegment m = memory(slot);
      long needed =
          NativeMemory.padded(DimSpec.elements(slot.shape, this::sizeOf) * slot.type.bytes());
      if (m.byteSize() < needed) {
        throw new UsageException(
            "R0118",
            "input " + slot.name + " needs " + needed + " bytes, its memory has " + m.byteSize(),
            "bind memory for "
                + slot.type
                + shape(slot)
                + ", rounded up to a multiple of 64 bytes");
      }
      context.setAtIndex(JAVA_LONG, at++, m.address());
    }
  }

  private MemorySegment memory(Slot slot) {
    if (slot.memory == null) {
      throw new UsageException(
          "R0117",
          "input " + slot.name + " of entry " + spec.name() + " was never given",
          "write to call.input(\"" + slot.name + "\") or bind memory to it");
    }
    return slot.memory;
  }

  /** A result at the present sizes: the call's own memory, overwritten by the next run. */
  public Tensor output(String name) {
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
    return output(name).data().get(ValueLayout.JAVA_FLOAT, 0);
  }

  /** A result of type BOOL[]. */
  public boolean flag(String name) {
    return output(name).data().get(ValueLayout.JAVA_BYTE, 0) != 0;
  }

  private Slot inputSlot(String name) {
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

  private Tensor tensor(Slot slot) {
    session.checkOpen();
    List<Long> shape = shape(slot);
    return new Tensor(slot.type, shape, memory(slot).asSlice(0, Tensor.bytes(slot.type, shape)));
  }
}
