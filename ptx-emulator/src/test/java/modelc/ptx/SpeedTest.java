package modelc.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Measures how many instructions of threads the emulator executes in a second of CPU time. */
@Tag("bench")
class SpeedTest {
  /** C[n, n] = A * B with tiles of 16 x 16 in shared memory. */
  static final String GEMM =
      Ptx.module(
          """
          .visible .entry k(.param .u64 a, .param .u64 b, .param .u64 c, .param .u32 n)
          .maxntid 16, 16, 1
          {
              .shared .align 16 .b8 ta[1024];
              .shared .align 16 .b8 tb[1024];
              .reg .pred %p<4>;
              .reg .b32 %r<40>;
              .reg .f32 %f<8>;
              .reg .b64 %rd<16>;
              ld.param.u64 %rd1, [a];
              ld.param.u64 %rd2, [b];
              ld.param.u64 %rd3, [c];
              ld.param.u32 %r1, [n];
              mov.u32 %r2, %tid.x;
              mov.u32 %r3, %tid.y;
              mov.u32 %r4, %ctaid.x;
              mov.u32 %r5, %ctaid.y;
              shl.b32 %r6, %r5, 4;
              add.u32 %r6, %r6, %r3;
              shl.b32 %r7, %r4, 4;
              add.u32 %r7, %r7, %r2;
              mov.f32 %f1, 0f00000000;
              mov.u32 %r8, 0;
              mov.u32 %r9, ta;
              mov.u32 %r10, tb;
              shl.b32 %r11, %r3, 6;
              shl.b32 %r12, %r2, 2;
              add.u32 %r13, %r9, %r11;
              add.u32 %r14, %r13, %r12;
              add.u32 %r15, %r10, %r12;
              add.u32 %r16, %r15, %r11;
          $tile:
              add.u32 %r20, %r8, %r2;
              mad.lo.u32 %r21, %r6, %r1, %r20;
              mul.wide.u32 %rd4, %r21, 4;
              add.u64 %rd4, %rd1, %rd4;
              ld.global.f32 %f2, [%rd4];
              st.shared.f32 [%r14], %f2;
              add.u32 %r20, %r8, %r3;
              mad.lo.u32 %r21, %r20, %r1, %r7;
              mul.wide.u32 %rd5, %r21, 4;
              add.u64 %rd5, %rd2, %rd5;
              ld.global.f32 %f3, [%rd5];
              st.shared.f32 [%r16], %f3;
              bar.sync 0;
          """
              + unrolled()
              + """
                    bar.sync 0;
                    add.u32 %r8, %r8, 16;
                    setp.lt.u32 %p1, %r8, %r1;
                    @%p1 bra $tile;
                    mad.lo.u32 %r21, %r6, %r1, %r7;
                    mul.wide.u32 %rd6, %r21, 4;
                    add.u64 %rd6, %rd3, %rd6;
                    st.global.f32 [%rd6], %f1;
                    ret;
                }
                """);

  private static String unrolled() {
    var s = new StringBuilder();
    for (int k = 0; k < 16; k++) {
      s.append("    ld.shared.f32 %f4, [%r13+").append(4 * k).append("];\n");
      s.append("    ld.shared.f32 %f5, [%r15+").append(64 * k).append("];\n");
      s.append("    fma.rn.f32 %f1, %f4, %f5, %f1;\n");
    }
    return s.toString();
  }

  static LaunchReport gemm(int n, EmulatorOptions options) {
    var memory = new DeviceMemory();
    var a = new float[n * n];
    var b = new float[n * n];
    for (int i = 0; i < n * n; i++) {
      a[i] = i % 7 - 3;
      b[i] = i % 5 - 2;
    }
    DeviceBuffer c = memory.allocate("c", 4 * n * n);
    PtxKernel k = Ptx.parse(GEMM).kernel("k");
    LaunchReport r =
        new Emulator(memory, options)
            .launch(
                k,
                Dim3.of(n / 16, n / 16),
                Dim3.of(16, 16),
                0,
                memory.of("a", a),
                memory.of("b", b),
                c,
                n);
    float[] out = c.toFloats();
    for (int i = 0; i < n; i += 5) {
      float sum = 0;
      for (int x = 0; x < n; x++) {
        sum += a[i * n + x] * b[x * n + i];
      }
      assertThat(out[i * n + i]).isEqualTo(sum);
    }
    return r;
  }

  private static long cpuTime() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  @Test
  void instructionsOfThreadsInASecond() {
    for (boolean races : new boolean[] {true, false}) {
      double best = 0;
      for (int i = 0; i < 6; i++) {
        long start = cpuTime();
        LaunchReport r = gemm(128, EmulatorOptions.DEFAULT.withRaces(races));
        best = Math.max(best, r.threadInstructions() * 1e3 / (cpuTime() - start));
      }
      System.out.printf("races %s: %.1f million a second%n", races, best);
      assertThat(best).isGreaterThan(5);
    }
  }
}
