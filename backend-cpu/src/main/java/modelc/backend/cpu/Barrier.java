package modelc.backend.cpu;

/**
 * The barrier between the threads of one entry, as LLVM IR: {@code void @modelc.barrier(ptr line,
 * i32 nthreads)} over one zeroed cache line that holds {count, generation}. It creates and stops no
 * threads.
 *
 * <p>The last thread to arrive resets the count and raises the generation; the others spin on the
 * generation, pausing, and give up their time slice once that takes long: other threads need the
 * cores too.
 */
final class Barrier {
  /** Pauses, of some 10 to 40 ns each, before a waiting thread starts to yield. */
  private static final int SPINS = 2000;

  private Barrier() {}

  static String define(ModuleText module, boolean x86) {
    module.declare("declare i32 @sched_yield()");
    String pause;
    if (x86) {
      module.declare("declare void @llvm.x86.sse2.pause()");
      pause = "call void @llvm.x86.sse2.pause()";
    } else {
      module.declare("declare void @llvm.aarch64.hint(i32)");
      pause = "call void @llvm.aarch64.hint(i32 1)";
    }
    return """
        define internal void @modelc.barrier(ptr %%line, i32 %%nthreads) noinline nounwind {
        entry:
          %%alone = icmp ule i32 %%nthreads, 1
          br i1 %%alone, label %%out, label %%arrive
        arrive:
          %%gp = getelementptr i8, ptr %%line, i64 4
          %%generation = load atomic i32, ptr %%gp monotonic, align 4
          %%before = atomicrmw add ptr %%line, i32 1 acq_rel, align 4
          %%others = sub i32 %%nthreads, 1
          %%last = icmp eq i32 %%before, %%others
          br i1 %%last, label %%release, label %%spin
        release:
          store atomic i32 0, ptr %%line monotonic, align 4
          %%next = add i32 %%generation, 1
          store atomic i32 %%next, ptr %%gp release, align 4
          br label %%out
        spin:
          %%n = phi i32 [ 0, %%arrive ], [ %%n1, %%pause ], [ %%n, %%yield ]
          %%now = load atomic i32, ptr %%gp acquire, align 4
          %%open = icmp ne i32 %%now, %%generation
          br i1 %%open, label %%out, label %%wait
        wait:
          %%patient = icmp ult i32 %%n, %d
          br i1 %%patient, label %%pause, label %%yield
        pause:
          %s
          %%n1 = add i32 %%n, 1
          br label %%spin
        yield:
          %%r = call i32 @sched_yield()
          br label %%spin
        out:
          ret void
        }
        """
        .formatted(SPINS, pause);
  }
}
