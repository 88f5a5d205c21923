package modelc.ptx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Up to 32 threads that run in lockstep while they are together. Lanes that branch apart run on
 * their own until they are at the same instruction again; whoever is behind in the text goes first.
 * Instructions that synchronise wait for the lanes they name, as on hardware with independent
 * thread scheduling.
 */
final class Warp {
  /** Why a warp stopped. */
  enum Status {
    PREEMPTED,
    BLOCKED,
    ENDED
  }

  final Block block;
  final int index;

  /** The lanes that exist. */
  final int lanes;

  /** Values: those of register r are at 32 r to 32 r + 31, the higher bits of narrow ones zero. */
  final long[] r;

  /** For each value register, the lanes that have it defined. */
  final int[] defined;

  /** For each predicate register, the lanes where it holds. */
  final int[] p;

  final int[] predicateDefined;

  /** The lanes whose last sum that leaves a carry left one. */
  int carry;

  /**
   * Of each warp of the block, the clock up to which its accesses come before ours; our own clock,
   * below which ours come before those that we do now.
   */
  final int[] clocks;

  /** The instruction that runs. */
  int at;

  int exited;

  /** Instructions in this block. */
  long executed;

  /** Instructions in all blocks. */
  long total;

  long threadInstructions;
  long flops;
  long divergences;
  final AsyncCopies copies;

  /** Where the program has such: matrix products under way. */
  final @Nullable AsyncProducts products;

  private final List<Split> splits = new ArrayList<>();
  private final Inst[] code;

  Warp(Block block, int index, int lanes, int warps) {
    this.block = block;
    this.index = index;
    this.lanes = lanes;
    Program program = block.program;
    code = program.code();
    r = new long[program.registers() * 32];
    defined = new int[program.registers()];
    p = new int[program.predicates()];
    predicateDefined = new int[program.predicates()];
    clocks = new int[warps];
    copies = new AsyncCopies(this);
    products = program.wgmma() ? new AsyncProducts(this) : null;
    for (Program.Constant c : program.constants()) {
      Arrays.fill(r, c.register() * 32, c.register() * 32 + 32, c.value());
    }
  }

  /** Makes it begin a block. */
  void start() {
    Arrays.fill(defined, 0);
    Arrays.fill(predicateDefined, 0);
    Arrays.fill(clocks, 0);
    clocks[index] = 1;
    for (Program.Constant c : block.program.constants()) {
      defined[c.register()] = -1;
    }
    for (Program.Special s : block.program.specials()) {
      defined[s.register()] = -1;
      for (int lane = 0; lane < 32; lane++) {
        r[s.register() * 32 + lane] = block.special(s.name(), this, lane);
      }
    }
    exited = 0;
    total += executed;
    executed = 0;
    copies.clear();
    if (products != null) {
      products.clear();
    }
    splits.clear();
    splits.add(new Split(0, lanes));
  }

  List<Split> splits() {
    return splits;
  }

  /** The lanes where the predicate of a reference holds: its number times two, plus a negation. */
  int predicate(int reference) {
    return p[reference >> 1] ^ -(reference & 1);
  }

  boolean isReady() {
    for (Split s : splits) {
      if (s.state == Split.State.READY) {
        return true;
      }
    }
    return false;
  }

  /** Runs until it ends, waits for others, or has executed so many instructions. */
  Status run(long budget) {
    long end = executed + budget;
    while (executed < end) {
      Split s = lowest();
      if (s == null) {
        return splits.isEmpty() ? Status.ENDED : Status.BLOCKED;
      }
      run(s, limit(s), end);
    }
    return splits.isEmpty() ? Status.ENDED : Status.PREEMPTED;
  }

  /** Of the lanes that can run, those farthest behind; splits that have met are joined. */
  private @Nullable Split lowest() {
    Split best = null;
    for (int i = 0; i < splits.size(); i++) {
      Split s = splits.get(i);
      if (s.state != Split.State.READY) {
        continue;
      }
      if (best != null && s.pc == best.pc) {
        best.mask |= s.mask;
        splits.remove(i--);
      } else if (best == null || s.pc < best.pc) {
        best = s;
      }
    }
    return best;
  }

  /** Where it may meet others. */
  private int limit(Split current) {
    int limit = Integer.MAX_VALUE;
    for (Split s : splits) {
      if (s != current && s.state == Split.State.READY) {
        limit = Math.min(limit, s.pc);
      }
    }
    return limit;
  }

  private void run(Split s, int limit, long end) {
    boolean together = true;
    while (together && s.pc < limit && executed < end) {
      at = s.pc;
      Inst i = code[at];
      int mask = s.mask;
      if (i.guard() >= 0) {
        if ((predicateDefined[i.guard() >> 1] & mask) != mask) {
          throw undefinedPredicate(i.guard() >> 1, mask);
        }
        mask &= predicate(i.guard());
      }
      executed++;
      int threads = Integer.bitCount(mask);
      threadInstructions += threads;
      flops += (long) threads * i.flops();
      Flow flow = i.flow();
      if (flow instanceof Flow.Next) {
        if (mask != 0) {
          execute(i, mask);
        }
        s.pc++;
      } else if (mask == 0) {
        s.pc++;
      } else {
        together = transfer(s, i, mask);
      }
    }
  }

  /**
   * Runs an instruction that branches, ends or waits.
   *
   * @return whether the lanes are still together and can go on
   */
  private boolean transfer(Split s, Inst i, int mask) {
    boolean together = s.mask == mask;
    if (!together) {
      divergences++;
      splits.add(new Split(s.pc + 1, s.mask & ~mask));
      s.mask = mask;
    }
    switch (i.flow()) {
      case Flow.Next _ -> throw new AssertionError();
      case Flow.Branch b -> s.pc = b.target().at;
      case Flow.Indexed x -> {
        return indexed(s, i, x);
      }
      case Flow.Exit _ -> {
        exited |= mask;
        splits.remove(s);
        return false;
      }
      case Flow.Sync y -> together &= sync(s, i, y);
      case Flow.Barrier b -> {
        return barrier(s, i, b) && together;
      }
    }
    return together;
  }

  private boolean indexed(Split s, Inst i, Flow.Indexed x) {
    check(i, s.mask);
    splits.remove(s);
    for (int m = s.mask; m != 0; m &= m - 1) {
      int lane = Integer.numberOfTrailingZeros(m);
      long to = r[x.register() + lane];
      if (to >= x.targets().size()) {
        throw fault(
            PtxFault.Kind.INVALID_INSTRUCTION,
            lane,
            "index " + to + " of " + x.targets().size() + " branch targets");
      }
      splits.add(new Split(x.targets().get((int) to).at, 1 << lane));
    }
    return false;
  }

  /** The lanes of a mask whose partners have all come. */
  private int complete(Flow.Sync y, int mask) {
    if (y.members() < 0) {
      return mask == lanes ? mask : 0;
    }
    int complete = 0;
    for (int m = mask; m != 0; m &= m - 1) {
      int lane = Integer.numberOfTrailingZeros(m);
      int members = (int) r[y.members() + lane];
      if ((members >>> lane & 1) == 0) {
        throw fault(
            PtxFault.Kind.BARRIER_DIVERGENCE,
            lane,
            "the member mask 0x"
                + Integer.toHexString(members)
                + " does not name the thread itself");
      }
      if ((members & ~mask) == 0) {
        complete |= 1 << lane;
      }
    }
    return complete;
  }

  private boolean sync(Split s, Inst i, Flow.Sync y) {
    absorb(s);
    if (y.members() < 0 && lanes != -1) {
      throw fault(
          PtxFault.Kind.BARRIER_DIVERGENCE,
          Integer.numberOfTrailingZeros(s.mask),
          "needs a full warp, and the block's last one has "
              + Integer.bitCount(lanes)
              + " threads");
    }
    if (y.members() >= 0) {
      check(i, s.mask);
    }
    int complete = complete(y, s.mask);
    if (complete == 0) {
      s.state = Split.State.WAITING;
      return false;
    }
    boolean all = complete == s.mask;
    if (!all) {
      var rest = new Split(s.pc, s.mask & ~complete);
      rest.state = Split.State.WAITING;
      splits.add(rest);
      s.mask = complete;
    }
    execute(i, complete);
    s.pc++;
    return all;
  }

  /** Takes in those who wait at the same instruction. */
  private void absorb(Split s) {
    for (int k = splits.size() - 1; k >= 0; k--) {
      Split o = splits.get(k);
      if (o != s && o.state == Split.State.WAITING && o.pc == s.pc) {
        s.mask |= o.mask;
        splits.remove(k);
      }
    }
  }

  private boolean barrier(Split s, Inst i, Flow.Barrier b) {
    if (b.aligned()) {
      absorb(s);
      if (s.mask != lanes) {
        s.state = Split.State.WAITING;
        return false;
      }
    }
    check(i, s.mask);
    if (b.waits()) {
      s.state = Split.State.AT_BARRIER;
    }
    block.arrive(this, s, b);
    if (!b.waits()) {
      s.pc++;
    }
    return s.state == Split.State.READY;
  }

  /** Lets a split go on that waited at a barrier. */
  void release(Split s) {
    at = s.pc;
    execute(code[s.pc], s.mask);
    s.state = Split.State.READY;
    s.pc++;
  }

  private void check(Inst i, int mask) {
    for (int register : i.reads()) {
      if ((defined[register] & mask) != mask) {
        throw fault(
            PtxFault.Kind.UNINITIALISED_READ,
            Integer.numberOfTrailingZeros(mask & ~defined[register]),
            "reads register " + block.registerName(register) + ", which has no value");
      }
    }
    for (int register : i.predicateReads()) {
      if ((predicateDefined[register] & mask) != mask) {
        throw undefinedPredicate(register, mask);
      }
    }
  }

  private PtxFault undefinedPredicate(int register, int mask) {
    return fault(
        PtxFault.Kind.UNINITIALISED_READ,
        Integer.numberOfTrailingZeros(mask & ~predicateDefined[register]),
        "reads predicate " + block.predicateName(register) + ", which has no value");
  }

  private void execute(Inst i, int mask) {
    check(i, mask);
    if (products != null) {
      products.touch(i, mask);
    }
    i.code().run(this, mask);
    for (int register : i.writes()) {
      defined[register] |= mask;
    }
    for (int register : i.predicateWrites()) {
      predicateDefined[register] |= mask;
    }
  }

  /** All lanes have met: what they did before comes before what they do from now on. */
  void advance() {
    if (clocks[index] == Races.MAX_CLOCK) {
      throw fault(PtxFault.Kind.STEP_LIMIT, 0, "more than a million barriers in a block");
    }
    clocks[index]++;
  }

  /** A fault of the instruction that runs. */
  PtxFault fault(PtxFault.Kind kind, int lane, String problem) {
    return block.fault(kind, this, lane, at, problem);
  }
}
