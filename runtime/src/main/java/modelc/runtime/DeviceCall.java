package modelc.runtime;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToLongFunction;

/**
 * A call of an entry on a device. For each combination of sizes its launches, with the copies of
 * scalars and results around them, are recorded once and replayed.
 */
final class DeviceCall implements AutoCloseable {
  /** More combinations of sizes than a run has: full batches, and the last of each data set. */
  private static final int RECORDINGS_KEPT = 8;

  private final DeviceSession session;
  private final EntrySpec spec;
  private final DeviceProgram.Entry entry;
  private final DevicePlan.EntryPlan plan;
  private final List<EntrySlot> slots;
  private final boolean changesVariables;

  /** Host memory for copies, a part a slot that is no variable. */
  private final Device.HostMemory io;

  private final long[] ioAt;

  /** By sizes; the longest unused first. */
  private final Map<List<Long>, Device.Recorded> recorded = new LinkedHashMap<>(8, 0.75f, true);

  /**
   * @param maxima of the entry's sizes
   */
  DeviceCall(DeviceSession session, EntrySpec spec, long[] maxima) {
    this.session = session;
    this.spec = spec;
    entry = session.program().entry(spec.name());
    plan = session.plan().entry(spec.name());
    slots = EntrySlot.of(spec);
    changesVariables = spec.results().stream().anyMatch(r -> r.kind().isVariable());
    ioAt = new long[slots.size()];
    long at = 0;
    for (int i = 0; i < ioAt.length; i++) {
      ioAt[i] = at;
      at += slots.get(i).kind().isVariable() ? 0 : NativeMemory.padded(bytes(i, maxima));
    }
    synchronized (session.device()) {
      io = session.device().hostMemory(Math.max(NativeMemory.ALIGNMENT, at));
    }
  }

  private ToLongFunction<String> values(long[] sizes) {
    return s -> sizes[spec.symbols().indexOf(s)];
  }

  private long bytes(int slot, long[] sizes) {
    return slots.get(slot).bytes(values(sizes));
  }

  private MemorySegment io(int slot, long[] sizes) {
    return io.segment().asSlice(ioAt[slot], bytes(slot, sizes));
  }

  private boolean isArgument(int slot) {
    return slot < spec.arguments().size();
  }

  /**
   * Makes the call and waits for it.
   *
   * @param sizes the values of the entry's symbols
   * @param host what each slot holds, in host memory; results are written there
   */
  void run(long[] sizes, List<MemorySegment> host) {
    synchronized (session.device()) {
      session.push();
      for (int i = 0; i < slots.size(); i++) {
        switch (slots.get(i).kind()) {
          case SCALAR -> io(i, sizes).copyFrom(host.get(i).asSlice(0, bytes(i, sizes)));
          case INPUT -> send(i, sizes, host.get(i));
          default -> {} // stays on the device, or is a result
        }
      }
      recording(sizes).replay();
      session.device().finish();
      if (changesVariables) {
        session.changed();
      }
      for (int i = 0; i < slots.size(); i++) {
        if (comesBack(i)) {
          host.get(i).asSlice(0, bytes(i, sizes)).copyFrom(io(i, sizes));
        }
      }
    }
  }

  private boolean comesBack(int slot) {
    return !isArgument(slot) && !slots.get(slot).kind().isVariable();
  }

  private void send(int slot, long[] sizes, MemorySegment from) {
    long bytes = bytes(slot, sizes);
    Device.Staging ahead = session.staged(from);
    if (ahead != null) {
      ahead.deliver(session.memory(), plan.slots().get(slot), bytes);
    } else {
      io(slot, sizes).copyFrom(from.asSlice(0, bytes));
      session.memory().write(plan.slots().get(slot), io(slot, sizes));
    }
  }

  private Device.Recorded recording(long[] sizes) {
    List<Long> key = Arrays.stream(sizes).boxed().toList();
    Device.Recorded known = recorded.get(key);
    if (known != null) {
      return known;
    }
    long[] now = sizes.clone();
    Device.Recorded made = session.device().record(() -> work(now));
    recorded.put(key, made);
    if (recorded.size() > RECORDINGS_KEPT) {
      List<Long> eldest = recorded.keySet().iterator().next();
      Objects.requireNonNull(recorded.remove(eldest)).close();
    }
    return made;
  }

  private void work(long[] sizes) {
    Device.Memory memory = session.memory();
    for (int i = 0; i < slots.size(); i++) {
      if (slots.get(i).kind() == Kind.SCALAR) {
        memory.write(plan.slots().get(i), io(i, sizes));
      } else if (!isArgument(i)) {
        memory.forget(plan.slots().get(i), bytes(i, sizes));
      }
    }
    memory.forget(plan.arena(), plan.end() - plan.arena());
    entry.launches().forEach(l -> launch(l, sizes));
    for (int i = 0; i < slots.size(); i++) {
      if (comesBack(i)) {
        memory.read(plan.slots().get(i), io(i, sizes));
      }
    }
  }

  private void launch(DeviceProgram.Launch l, long[] sizes) {
    ToLongFunction<String> values = values(sizes);
    List<Long> grid =
        l.grid().stream().map(b -> Math.ceilDiv(b.items().evaluate(values), b.perBlock())).toList();
    if (grid.contains(0L)) {
      return;
    }
    var arguments = new ArrayList<Device.Argument>();
    for (DeviceProgram.Place p : l.buffers()) {
      arguments.add(
          switch (p) {
            case DeviceProgram.Place.Argument a ->
                new Device.Argument.Buffer(
                    session.memory(), plan.slots().get(a.index()), bytes(a.index(), sizes));
            case DeviceProgram.Place.Arena a ->
                new Device.Argument.Buffer(
                    session.memory(), plan.arena() + a.from(), a.bytes().evaluate(values));
          });
    }
    l.sizes().forEach(s -> arguments.add(new Device.Argument.Size(values.applyAsLong(s))));
    session
        .device()
        .launch(l.kernel(), grid, l.threadsX(), l.threadsY(), l.sharedBytes(), arguments);
  }

  @Override
  public void close() {
    synchronized (session.device()) {
      recorded.values().forEach(Device.Recorded::close);
      recorded.clear();
      io.close();
    }
  }
}
