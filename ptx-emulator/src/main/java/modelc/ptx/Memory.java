package modelc.ptx;

import modelc.ptx.PtxFault.Kind;
import org.jspecify.annotations.Nullable;

/** Memory as the threads of a block see it: every access is checked here. */
final class Memory {
  private final Block block;
  private final Region parameters;
  private final @Nullable Region[] locals;
  private final int granule;
  private final boolean races;

  /** What {@link #find} found: the region, and the place in it. */
  private Region region;

  private int offset;

  /** Bytes of global memory. */
  long globalRead;

  long globalWritten;

  Memory(Block block) {
    this.block = block;
    Launch launch = block.launch;
    parameters = new Region("the kernel's parameters", launch.parameters().length, false);
    System.arraycopy(launch.parameters(), 0, parameters.data, 0, launch.parameters().length);
    parameters.readOnly = true;
    parameters.mark(0, parameters.bytes(), Region.DEFINED);
    region = parameters;
    locals = new Region[(int) launch.block().count()];
    granule = block.program.granule();
    races = launch.options().races();
  }

  /** Begins a block. */
  void start() {
    for (Region local : locals) {
      if (local != null) {
        local.forget(0, local.bytes());
      }
    }
  }

  private Region local(Warp w, int lane) {
    int thread = w.index * 32 + lane;
    Region local = locals[thread];
    if (local == null) {
      local = new Region("local memory", block.program.localBytes(), false);
      locals[thread] = local;
    }
    return local;
  }

  /** The space that a generic address is in. */
  static Space space(long address) {
    if (address >= Space.SHARED_BASE && address < Space.SHARED_BASE + Space.WINDOW) {
      return Space.SHARED;
    }
    if (address >= Space.LOCAL_BASE && address < Space.LOCAL_BASE + Space.WINDOW) {
      return Space.LOCAL;
    }
    if (address >= Space.PARAM_BASE && address < Space.PARAM_BASE + Space.WINDOW) {
      return Space.PARAM;
    }
    return Space.GLOBAL;
  }

  /** Finds the bytes of an access and checks that they are there, aligned, and may be used. */
  private void find(Warp w, int lane, Space named, long address, int bytes, String does) {
    Space space = named == Space.GENERIC ? space(address) : named;
    long at = named == Space.GENERIC ? address - space.base() : address;
    Region r =
        switch (space) {
          case SHARED -> block.shared;
          case LOCAL -> local(w, lane);
          case PARAM -> parameters;
          case GLOBAL, CONST, GENERIC -> {
            Region global = block.launch.global(at);
            if (global == null) {
              throw w.fault(
                  Kind.OUT_OF_BOUNDS,
                  lane,
                  does + bytes(bytes) + " at " + hex(at) + ", where no memory is");
            }
            at &= (1L << DeviceMemory.SLOT_BITS) - 1;
            yield global;
          }
        };
    if ((at & (bytes - 1)) != 0) {
      throw w.fault(
          Kind.MISALIGNED,
          lane,
          does
              + bytes(bytes)
              + " at byte "
              + at
              + " of "
              + r.name
              + ", which is no multiple of "
              + bytes);
    }
    if (at < 0 || at + bytes > r.bytes()) {
      // Addresses before the begin of an allocation end in the range of the one before.
      long signed =
          at > 1L << (DeviceMemory.SLOT_BITS - 1) ? at - (1L << DeviceMemory.SLOT_BITS) : at;
      throw w.fault(
          Kind.OUT_OF_BOUNDS,
          lane,
          does
              + bytes(bytes)
              + " at byte "
              + signed
              + " of "
              + r.name
              + ", which has "
              + r.bytes());
    }
    if (!r.allows(at, bytes)) {
      throw w.fault(
          Kind.OUT_OF_BOUNDS,
          lane,
          does
              + bytes(bytes)
              + " at byte "
              + at
              + " of "
              + r.name
              + ", which is in none of the parts that the launch was given");
    }
    region = r;
    offset = (int) at;
  }

  private static String bytes(int n) {
    return n == 1 ? "a byte" : n + " bytes";
  }

  private static String hex(long address) {
    return "address 0x" + Long.toHexString(address);
  }

  /** Prepares a read of {@code bytes} bytes; {@link #value} gives them. */
  void read(Warp w, int lane, Space space, long address, int bytes, boolean atomic) {
    find(w, lane, space, address, bytes, "reads ");
    if (region.state(offset, bytes) != Region.DEFINED) {
      throw undefined(w, lane, bytes, "reads ");
    }
    Races record = races ? region.races(granule) : null;
    if (record != null) {
      int id = region == block.shared ? block.generation : block.launch.id();
      long other = record.read(w, lane, offset, bytes, atomic, id);
      if (other != Races.NONE) {
        throw race(w, lane, bytes, record, other, "reads ");
      }
      globalRead += region == block.shared ? 0 : bytes;
    }
  }

  /**
   * Prepares a read of shared memory by a matrix product of the warp.
   *
   * @return its place
   */
  int readByProduct(Warp w, long address, int bytes) {
    read(w, 0, Space.SHARED, address, bytes, false);
    return offset;
  }

  /** A part of what was found, from {@code from} bytes behind its begin. */
  long value(int from, int bytes) {
    return region.get(offset + from, bytes);
  }

  /** Prepares a write of {@code bytes} bytes; {@link #set} writes them. */
  void write(Warp w, int lane, Space space, long address, int bytes, boolean atomic) {
    find(w, lane, space, address, bytes, "writes ");
    if (region.readOnly) {
      throw w.fault(Kind.INVALID_INSTRUCTION, lane, "writes to read-only memory");
    }
    if (!region.writable(offset, bytes)) {
      throw undefined(w, lane, bytes, "writes ");
    }
    if (block.proxy != null && region == block.shared) {
      block.proxy.write(w, lane, offset, bytes);
    }
    Races record = races ? region.races(granule) : null;
    if (record != null) {
      int id = region == block.shared ? block.generation : block.launch.id();
      long other = record.write(w, lane, offset, bytes, atomic, id);
      if (other != Races.NONE) {
        throw race(w, lane, bytes, record, other, "writes ");
      }
      globalWritten += region == block.shared ? 0 : bytes;
    }
  }

  void set(int from, int bytes, long value) {
    region.put(offset + from, bytes, value);
  }

  /** Marks what was found as the target of a copy, and gives its place. */
  int expectCopy(int bytes) {
    region.mark(offset, bytes, Region.PENDING);
    return offset;
  }

  private PtxFault undefined(Warp w, int lane, int bytes, String does) {
    int at = offset;
    byte state = region.state(at, bytes);
    for (int i = 0; i < bytes && (state == Region.UNDEFINED || state == Region.DEFINED); i++) {
      byte s = region.state[offset + i];
      if (s == Region.PENDING || s == Region.GAP) {
        state = s;
      }
    }
    String what = does + bytes(bytes) + " at byte " + at + " of " + region.name;
    return switch (state) {
      case Region.GAP ->
          w.fault(Kind.OUT_OF_BOUNDS, lane, what + ", which is between two variables");
      case Region.PENDING ->
          w.fault(
              Kind.UNFINISHED_COPY,
              lane,
              what + ", where cp.async copies and nobody has waited yet");
      default -> w.fault(Kind.UNINITIALISED_READ, lane, what + ", which was never written");
    };
  }

  private PtxFault race(Warp w, int lane, int bytes, Races record, long other, String does) {
    boolean shared = region == block.shared;
    int thread = Races.thread(other);
    boolean sameBlock = !Races.everyone(other) && Races.block(other) == block.number;
    String who = thread >= 0 ? block.name(thread) : "several threads";
    String where =
        sameBlock
            ? ""
            : Races.everyone(other)
                ? " of several blocks"
                : " of block " + block.launch.grid().place(Races.block(other));
    int line = block.program.code()[record.instruction(offset, bytes, other)].place().line();
    return w.fault(
        shared ? Kind.SHARED_RACE : Kind.GLOBAL_RACE,
        lane,
        "race: "
            + does
            + bytes(bytes)
            + " at byte "
            + offset
            + " of "
            + region.name
            + ", which "
            + who
            + where
            + (record.wasWrite(offset, bytes, other) ? " wrote" : " read")
            + " at PTX line "
            + line
            + (sameBlock ? " with no barrier between" : ""));
  }
}
