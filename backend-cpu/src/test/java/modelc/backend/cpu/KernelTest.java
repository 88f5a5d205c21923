package modelc.backend.cpu;

import static modelc.ir.loop.LoopBuilder.*;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Set;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Symbol;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import org.junit.jupiter.api.Test;

class KernelTest {
  @Test
  void threadsShareAParallelLoop() {
    var n = new Symbol("n", 1000);
    var x = Buffer.global("x", DType.F32, Dim.of(n));
    var y = Buffer.global("y", DType.F32, Dim.of(n));
    var b = new LoopBuilder();
    b.loop(LoopKind.PARALLEL, "i", size(Dim.of(n)), (c, i) -> c.store(y, i, add(load(x, i), f32(1))));
    var kernel = new Kernel("inc", List.of(x, y), List.of(n), b.block(), Set.of());
    try (var runner = NativeRunner.of(kernel)) {
      for (int threads = 1; threads <= 3; threads++) {
        MemorySegment in = runner.allocate(DType.F32, 777);
        MemorySegment out = runner.allocate(DType.F32, 777);
        for (int i = 0; i < 777; i++) {
          in.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
        }
        runner.run(threads, Map.of(n, 777L), in, out);
        for (int i = 0; i < 777; i++) {
          assertThat(out.getAtIndex(ValueLayout.JAVA_FLOAT, i)).isEqualTo(i + 1f);
        }
      }
    }
  }
}
