package modelc.ptx;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import modelc.ptx.syntax.Place;
import org.jspecify.annotations.Nullable;

/** A block of threads: its warps, their turns, shared memory and barriers. */
final class Block {
  static final int BARRIERS = 16;

  /** Characters of an instruction in a message. */
  private static final int BRIEF = 160;

  final Launch launch;
  final Program program;
  final Warp[] warps;
  final Region shared;
  final Memory memory;

  /** Where the program has matrix products of warpgroups: what they read. */
  final @Nullable AsyncProxy proxy;

  private final Warpgroup[] warpgroups;

  /** The block's number in the grid, and its place. */
  int number;

  Dim3 place = Dim3.of(0);

  /** How often all threads have met. */
  int epoch;

  /** Counts the use of shared memory by one block after another. */
  int generation;

  /** The results of the reduction of the barrier that was completed last. */
  int votes;

  int voters;
  long meetings;
  private final Barrier[] barriers = new Barrier[BARRIERS];
  private final int threads;
  private final Random random;

  Block(Launch launch) {
    this.launch = launch;
    program = launch.program();
    threads = (int) launch.block().count();
    int size = program.dynamicShared() + launch.dynamicShared();
    shared = new Region("shared memory", size, true);
    memory = new Memory(this);
    proxy = program.wgmma() ? new AsyncProxy(this, threads) : null;
    warps = new Warp[(threads + 31) / 32];
    for (int i = 0; i < warps.length; i++) {
      int left = threads - 32 * i;
      warps[i] = new Warp(this, i, left >= 32 ? -1 : (1 << left) - 1, warps.length);
    }
    for (int i = 0; i < BARRIERS; i++) {
      barriers[i] = new Barrier();
    }
    warpgroups = new Warpgroup[(warps.length + Warpgroup.WARPS - 1) / Warpgroup.WARPS];
    for (int i = 0; i < warpgroups.length; i++) {
      warpgroups[i] = new Warpgroup(this, i);
    }
    random = new Random(launch.options().seed());
  }

  /** Runs the block with this number. */
  void run(int blockNumber) {
    number = blockNumber;
    place = launch.grid().place(blockNumber);
    epoch = 0;
    generation++;
    shared.forget(0, shared.bytes());
    for (int[] gap : program.sharedGaps()) {
      shared.mark(gap[0], gap[1] - gap[0], Region.GAP);
    }
    memory.start();
    if (proxy != null) {
      proxy.clear();
    }
    for (Warpgroup g : warpgroups) {
      g.clear();
    }
    for (Barrier b : barriers) {
      b.reset();
    }
    for (Warp w : warps) {
      w.start();
    }
    turns();
  }

  private void turns() {
    var ready = new ArrayList<>(List.of(warps));
    while (!ready.isEmpty()) {
      Warp w = ready.get(choice(ready.size()));
      long quantum =
          switch (launch.options().order()) {
            case ASCENDING, DESCENDING -> Long.MAX_VALUE >> 1;
            case ROUND_ROBIN -> 1;
            case RANDOM -> 1 + random.nextInt(40);
          };
      long left = launch.options().stepLimit() - w.executed;
      long before = meetings;
      Warp.Status status = w.run(Math.min(quantum, left));
      if (status == Warp.Status.PREEMPTED && w.executed >= launch.options().stepLimit()) {
        throw w.fault(
            PtxFault.Kind.STEP_LIMIT, 0, "the warp has executed " + w.executed + " instructions");
      }
      ready.remove(w);
      if (status == Warp.Status.PREEMPTED) {
        ready.add(w);
      }
      if (meetings != before) {
        awake(ready);
      }
    }
    Divergence.check(this);
    for (Warpgroup g : warpgroups) {
      g.end();
    }
  }

  Warpgroup warpgroup(Warp w) {
    return warpgroups[w.index / Warpgroup.WARPS];
  }

  /** Adds those warps that a barrier has let go. */
  private void awake(List<Warp> ready) {
    for (Warp w : warps) {
      if (w.isReady() && !ready.contains(w)) {
        ready.add(w);
      }
    }
  }

  private int choice(int n) {
    return switch (launch.options().order()) {
      case ASCENDING, ROUND_ROBIN -> 0;
      case DESCENDING -> n - 1;
      case RANDOM -> random.nextInt(n);
    };
  }

  /** Lanes of a warp come to a barrier. */
  void arrive(Warp w, Split s, Flow.Barrier b) {
    int lane = Integer.numberOfTrailingZeros(s.mask);
    long id = w.r[b.id() + lane];
    long count = b.count() < 0 ? threads : w.r[b.count() + lane];
    if (id >= BARRIERS) {
      throw w.fault(PtxFault.Kind.INVALID_INSTRUCTION, lane, "there is no barrier " + id);
    }
    if (count % 32 != 0 && b.count() >= 0) {
      throw w.fault(
          PtxFault.Kind.INVALID_INSTRUCTION, lane, count + " threads are no number of whole warps");
    }
    Barrier barrier = barriers[(int) id];
    if (barrier.arrived > 0 && barrier.expected != count) {
      throw w.fault(
          PtxFault.Kind.BARRIER_DIVERGENCE,
          lane,
          "waits for " + count + " threads, where others wait for " + barrier.expected);
    }
    barrier.expected = (int) count;
    s.barrier = (int) id;
    boolean votes = b.predicate() >= 0;
    barrier.arrive(w, s.mask, votes ? w.predicate(b.predicate()) : 0, votes);
    if (barrier.isComplete()) {
      complete(barrier, (int) id);
    }
  }

  private void complete(Barrier barrier, int id) {
    if (barrier.expected == threads) {
      epoch++;
    }
    meetings++;
    barrier.join(warps);
    votes = barrier.votes;
    voters = barrier.voters;
    barrier.reset();
    for (Warp w : warps) {
      for (Split s : w.splits()) {
        if (s.state == Split.State.AT_BARRIER && s.barrier == id) {
          w.release(s);
        }
      }
    }
  }

  /** The value of a special register. */
  long special(String name, Warp w, int lane) {
    int thread = w.index * 32 + lane;
    Dim3 at = launch.block().place(thread);
    return switch (name) {
      case "%tid.x" -> at.x();
      case "%tid.y" -> at.y();
      case "%tid.z" -> at.z();
      case "%ntid.x" -> launch.block().x();
      case "%ntid.y" -> launch.block().y();
      case "%ntid.z" -> launch.block().z();
      case "%ctaid.x" -> place.x();
      case "%ctaid.y" -> place.y();
      case "%ctaid.z" -> place.z();
      case "%nctaid.x" -> launch.grid().x();
      case "%nctaid.y" -> launch.grid().y();
      case "%nctaid.z" -> launch.grid().z();
      case "%laneid" -> lane;
      case "%warpid" -> w.index;
      case "%nwarpid" -> warps.length;
      case "%lanemask_eq" -> 1L << lane;
      case "%lanemask_lt" -> (1L << lane) - 1;
      case "%lanemask_le" -> (2L << lane) - 1;
      case "%lanemask_gt" -> 0xffff_ffffL & -(2L << lane);
      case "%lanemask_ge" -> 0xffff_ffffL & -(1L << lane);
      case "%dynamic_smem_size" -> launch.dynamicShared();
      case "%total_smem_size" -> shared.bytes();
      case "%nsmid" -> 1;
      default -> 0;
    };
  }

  String registerName(int register) {
    return launch.names().registers().get(register);
  }

  String predicateName(int register) {
    return launch.names().predicates().get(register);
  }

  /** A thread, for messages. */
  String name(int thread) {
    return "thread " + launch.block().place(thread);
  }

  /** An instruction for messages: products of warpgroups name up to 128 registers. */
  private static String brief(String text) {
    int half = BRIEF / 2;
    return text.length() <= BRIEF
        ? text
        : text.substring(0, half) + " ... " + text.substring(text.length() - half);
  }

  PtxFault fault(PtxFault.Kind kind, Warp w, int lane, int at, String problem) {
    Inst i = program.code()[at];
    Place p = i.place();
    String source = p.sourceFile() == null ? "" : p.sourceFile() + ":" + p.sourceLine() + ": ";
    String message =
        source
            + "kernel "
            + program.name()
            + ", block "
            + place
            + ", "
            + name(w.index * 32 + lane)
            + ", PTX line "
            + p.line()
            + ", "
            + brief(i.text())
            + " "
            + problem;
    return new PtxFault(kind, message, p.line(), p.sourceFile(), p.sourceLine());
  }
}
