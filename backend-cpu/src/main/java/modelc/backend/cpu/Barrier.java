package modelc.backend.cpu;

import modelc.backend.llvm.ModuleText;

/**
 * The barrier between the threads of one entry, as LLVM IR: {@code void @modelc.barrier(ptr line,
 * i32 nthreads)} over one zeroed cache line that holds {count, generation, sleepers}. It creates
 * and stops no threads.
 *
 * <p>The last thread to arrive resets the count and raises the generation; the others spin on the
 * generation, pausing, and once that takes long sleep until it changes: other threads need the
 * cores too, and one that wakes is put on the core that is free, where two that yield may share one
 * core for seconds.
 */
final class Barrier {
  /** Pauses, of some 10 to 40 ns each, before a waiting thread goes to sleep. */
  private static final int SPINS = 2000;

  /** Linux's futex call, by architecture. */
  private static final int FUTEX_X86 = 202;

  private static final int FUTEX_ARM = 98;

  /** Its operations, for threads of one process. */
  private static final int WAIT = 128;

  private static final int WAKE = 129;

  private Barrier() {}

  static String define(ModuleText module, String triple) {
    if (triple.startsWith("wasm")) {
      // One thread: there is nobody to wait for.
      return "define internal void @modelc.barrier(ptr %line, i32 %nthreads) { ret void }\n";
    }
    boolean x86 = triple.startsWith("x86_64");
    module.declare("declare i64 @syscall(i64, ...)");
    String pause;
    if (x86) {
      module.declare("declare void @llvm.x86.sse2.pause()");
      pause = "call void @llvm.x86.sse2.pause()";
    } else {
      module.declare("declare void @llvm.aarch64.hint(i32)");
      pause = "call void @llvm.aarch64.hint(i32 1)";
    }
    int futex = x86 ? FUTEX_X86 : FUTEX_ARM;
    // A sleeper counts itself before it looks at the generation a last time, inside the call; the
    // last thread raises the generation before it looks for sleepers: one of them sees the other.
    return """
    define internal void @modelc.barrier(ptr %%line, i32 %%nthreads) noinline nounwind {
    entry:
      %%alone = icmp ule i32 %%nthreads, 1
      br i1 %%alone, label %%out, label %%arrive
    arrive:
      %%gp = getelementptr i8, ptr %%line, i64 4
      %%sp = getelementptr i8, ptr %%line, i64 8
      %%generation = load atomic i32, ptr %%gp monotonic, align 4
      %%before = atomicrmw add ptr %%line, i32 1 acq_rel, align 4
      %%others = sub i32 %%nthreads, 1
      %%last = icmp eq i32 %%before, %%others
      br i1 %%last, label %%release, label %%spin
    release:
      store atomic i32 0, ptr %%line monotonic, align 4
      %%raised = atomicrmw add ptr %%gp, i32 1 seq_cst, align 4
      %%sleepers = load atomic i32, ptr %%sp seq_cst, align 4
      %%some = icmp ne i32 %%sleepers, 0
      br i1 %%some, label %%wake, label %%out
    wake:
      %%w = call i64 (i64, ...) @syscall(i64 %d, ptr %%gp, i32 %d, i32 2147483647)
      br label %%out
    spin:
      %%n = phi i32 [ 0, %%arrive ], [ %%n1, %%pause ]
      %%now = load atomic i32, ptr %%gp acquire, align 4
      %%open = icmp ne i32 %%now, %%generation
      br i1 %%open, label %%out, label %%wait
    wait:
      %%patient = icmp ult i32 %%n, %d
      br i1 %%patient, label %%pause, label %%doze
    pause:
      %s
      %%n1 = add i32 %%n, 1
      br label %%spin
    doze:
      %%counted = atomicrmw add ptr %%sp, i32 1 seq_cst, align 4
      br label %%sleep
    sleep:
      %%r = call i64 (i64, ...) @syscall(i64 %d, ptr %%gp, i32 %d, i32 %%generation, ptr null)
      %%then = load atomic i32, ptr %%gp acquire, align 4
      %%woken = icmp ne i32 %%then, %%generation
      br i1 %%woken, label %%rise, label %%sleep
    rise:
      %%left = atomicrmw sub ptr %%sp, i32 1 seq_cst, align 4
      br label %%out
    out:
      ret void
    }
    """
        .formatted(futex, WAKE, SPINS, pause, futex, WAIT);
  }
}
