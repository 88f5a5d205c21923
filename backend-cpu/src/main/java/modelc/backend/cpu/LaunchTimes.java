package modelc.backend.cpu;

import modelc.backend.llvm.FunctionText;
import modelc.backend.llvm.LlvmTypes;
import modelc.backend.llvm.ModuleText;
import modelc.ir.loop.LoopEntry;

/**
 * Writes the code that adds up the cycles each launch of an entry takes. It places no barriers:
 * without one before every step the launches of several threads overlap.
 */
final class LaunchTimes {
  private final String array;
  private final String last;
  private int steps;

  private LaunchTimes(String array, String last) {
    this.array = array;
    this.last = last;
  }

  /** Declares the array of an entry's times. */
  static LaunchTimes declare(ModuleText module, FunctionText f, LoopEntry e) {
    String array = LlvmTypes.name(symbol(e.name()));
    int size = Math.max(1, e.launches().size());
    module.declare("@" + array + " = global [" + size + " x i64] zeroinitializer");
    module.declare("declare i64 @llvm.readcyclecounter()");
    module.helper(
        "modelc.tick",
        () ->
            """
            define internal void @modelc.tick(ptr %sum, ptr %last, i32 %tid) noinline nounwind {
            entry:
              %mine = icmp eq i32 %tid, 0
              br i1 %mine, label %add, label %out
            add:
              %now = call i64 @llvm.readcyclecounter()
              %then = load i64, ptr %last
              store i64 %now, ptr %last
              %some = icmp ne ptr %sum, null
              br i1 %some, label %keep, label %out
            keep:
              %took = sub i64 %now, %then
              %before = load i64, ptr %sum
              %after = add i64 %before, %took
              store i64 %after, ptr %sum
              br label %out
            out:
              ret void
            }
            """);
    return new LaunchTimes(array, f.result("alloca i64"));
  }

  /** The exported name of the array. */
  static String symbol(String entry) {
    return "modelc_times_" + entry;
  }

  /** Adds the time since the last step to the launch before, if there was one. */
  void next(FunctionText f) {
    String sum =
        steps == 0 ? "null" : f.pure("getelementptr i64, ptr @" + array + ", i64 " + (steps - 1));
    f.line("call void @modelc.tick(ptr " + sum + ", ptr " + last + ", i32 %tid)");
    steps++;
  }
}
