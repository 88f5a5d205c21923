package modelc.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import modelc.ptx.EmulatorOptions.Order;
import modelc.ptx.PtxFault.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Launches, arguments, memory and its faults. */
class EmulatorTest {
  /** z[i] = x[i] + y[i] for i below n. */
  static final String ADD =
      Ptx.module(
          """
          .file 1 "lenet.model"
          .visible .entry add(
              .param .u64 .ptr .global .align 4 x,
              .param .u64 y,
              .param .u64 z,
              .param .u32 n
          )
          .maxntid 128, 1, 1
          {
              .reg .pred %p<2>;
              .reg .b32 %r<6>;
              .reg .f32 %f<4>;
              .reg .b64 %rd<8>;

              ld.param.u64 %rd1, [x];
              ld.param.u64 %rd2, [y];
              ld.param.u64 %rd3, [z];
              ld.param.u32 %r2, [n];
              mov.u32 %r3, %ctaid.x;
              mov.u32 %r4, %ntid.x;
              mov.u32 %r5, %tid.x;
              mad.lo.s32 %r1, %r3, %r4, %r5;
              setp.ge.s32 %p1, %r1, %r2;
              @%p1 bra $L_end;
              cvta.to.global.u64 %rd1, %rd1;
              mul.wide.s32 %rd4, %r1, 4;
              add.s64 %rd5, %rd1, %rd4;
              add.s64 %rd6, %rd2, %rd4;
              add.s64 %rd7, %rd3, %rd4;
              .loc 1 7 5
              ld.global.nc.f32 %f1, [%rd5];
              ld.global.f32 %f2, [%rd6];
              add.rn.f32 %f3, %f1, %f2;
              .loc 1 8 5
              st.global.f32 [%rd7], %f3;
          $L_end:
              ret;
          }
          """);

  private final DeviceMemory memory = new DeviceMemory();
  private final DeviceBuffer x = memory.of("x", range(300, 1));
  private final DeviceBuffer y = memory.of("y", range(300, 100));
  private final DeviceBuffer z = memory.allocate("z", 1200);

  static float[] range(int n, float step) {
    var values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = i * step;
    }
    return values;
  }

  private LaunchReport add(Emulator e, Object... arguments) {
    PtxKernel k = Ptx.parse(ADD).kernels().getFirst();
    return e.launch(k, Dim3.of(3), Dim3.of(128), 0, arguments);
  }

  @ParameterizedTest
  @EnumSource(Order.class)
  void addsVectors(Order order) {
    var options = EmulatorOptions.DEFAULT.withOrder(order, 7);
    LaunchReport report = add(new Emulator(memory, options), x, y, z, 300);
    assertThat(z.toFloats()).isEqualTo(range(300, 101));
    assertThat(report.globalRead()).isEqualTo(2400);
    assertThat(report.globalWritten()).isEqualTo(1200);
    assertThat(report.flops()).isEqualTo(300);
    // Block 2 has one warp in part beyond 300; the warps beyond it all leave.
    assertThat(report.divergences()).isEqualTo(1);
  }

  @Test
  void readsBeyondTheEndAreReported() {
    assertThatThrownBy(() -> add(new Emulator(memory), x, y, z, 301))
        .isInstanceOf(PtxFault.class)
        .hasMessage(
            "lenet.model:7: kernel add, block (2, 0, 0), thread (44, 0, 0), PTX line 34, "
                + "ld.global.nc.f32 %f1, [%rd5]; reads 4 bytes at byte 1200 of x, which has 1200")
        .satisfies(
            e -> {
              var fault = (PtxFault) e;
              assertThat(fault.kind()).isEqualTo(Kind.OUT_OF_BOUNDS);
              assertThat(fault.line()).isEqualTo(34);
              assertThat(fault.sourceFile()).isEqualTo("lenet.model");
              assertThat(fault.sourceLine()).isEqualTo(7);
            });
  }

  @Test
  void aLaunchMayUseTheSlicesItWasGivenOnly() {
    DeviceBuffer arena = memory.allocate("arena", 4000);
    arena.fill((byte) 0);
    DeviceBuffer a = arena.slice(0, 1196);
    assertThatThrownBy(() -> add(new Emulator(memory), a, y, arena.slice(2000, 1200), 300))
        .hasMessageContaining(
            "reads 4 bytes at byte 1196 of arena, which is in none of the parts that the launch was"
                + " given");
    add(new Emulator(memory), a, y, arena.slice(2000, 1200), 299);
    // By a bare address the kernel may use all of it.
    add(new Emulator(memory), a.address(), y, arena.slice(2000, 1200), 300);
  }

  @Test
  void uninitialisedMemoryIsReported() {
    DeviceBuffer empty = memory.allocate("empty", 1200);
    assertThatThrownBy(() -> add(new Emulator(memory), empty, y, z, 300))
        .isInstanceOfSatisfying(
            PtxFault.class, f -> assertThat(f.kind()).isEqualTo(Kind.UNINITIALISED_READ))
        .hasMessageContaining("reads 4 bytes at byte 0 of empty, which was never written");
    assertThatThrownBy(empty::toFloats).hasMessage("byte 0 of buffer empty was never written");
    x.forget();
    assertThatThrownBy(() -> add(new Emulator(memory), x, y, z, 300))
        .hasMessageContaining("never written");
  }

  @Test
  void nullAndFreedPointersAreOutOfBounds() {
    assertThatThrownBy(() -> add(new Emulator(memory), 0L, y, z, 300))
        .hasMessageContaining("at address 0x0, where no memory is");
    memory.free(x);
    assertThatThrownBy(() -> add(new Emulator(memory), x, y, z, 300))
        .hasMessageContaining("where no memory is");
  }

  @Test
  void misalignedAccessIsReported() {
    assertThatThrownBy(() -> add(new Emulator(memory), x.address() + 2, y, z, 20))
        .isInstanceOfSatisfying(
            PtxFault.class, f -> assertThat(f.kind()).isEqualTo(Kind.MISALIGNED))
        .hasMessageContaining("at byte 2 of x, which is no multiple of 4");
  }

  @Test
  void argumentsHaveToFit() {
    var e = new Emulator(memory);
    assertThatThrownBy(() -> add(e, x, y, z)).hasMessage("kernel add has 4 parameters, not 3");
    assertThatThrownBy(() -> add(e, x, y, z, 300L))
        .hasMessage("parameter n has 4 bytes, its argument 8");
    assertThatThrownBy(() -> add(e, x, y, z, "n")).hasMessage("parameter n cannot be a String");
    PtxKernel k = Ptx.parse(ADD).kernel("add");
    assertThatThrownBy(() -> e.launch(k, Dim3.of(1), Dim3.of(256), 0, x, y, z, 300))
        .hasMessageContaining("allows 1 to 128");
    assertThatThrownBy(() -> Ptx.parse(ADD).kernel("sub")).hasMessage("no kernel sub, only [add]");
  }

  @Test
  void blocksThatWriteOnePlaceRace() {
    DeviceBuffer one = memory.allocate("one", 4);
    String text =
        Ptx.kernel(
            ".param .u64 p",
            """
            .reg .b64 %rd1;
            .reg .b32 %r1;
            ld.param.u64 %rd1, [p];
            mov.u32 %r1, 1;
            st.global.u32 [%rd1], %r1;
            """);
    PtxKernel k = Ptx.parse(text).kernel("k");
    assertThatThrownBy(() -> new Emulator(memory).launch(k, Dim3.of(2), Dim3.of(1), 0, one))
        .isInstanceOfSatisfying(
            PtxFault.class, f -> assertThat(f.kind()).isEqualTo(Kind.GLOBAL_RACE))
        .hasMessageContaining(
            "race: writes 4 bytes at byte 0 of one, which thread (0, 0, 0) of block (0, 0, 0) wrote"
                + " at PTX line 10");
  }

  @Test
  void oneLaunchAfterAnotherIsOrdered() {
    DeviceBuffer one = memory.allocate("one", 4);
    String text =
        Ptx.kernel(
            ".param .u64 p",
            """
            .reg .b64 %rd1;
            .reg .b32 %r1;
            .reg .pred %p1;
            ld.param.u64 %rd1, [p];
            mov.u32 %r1, %ctaid.x;
            setp.eq.u32 %p1, %r1, WHO;
            @%p1 st.global.u32 [%rd1], %r1;
            """);
    for (int who = 0; who < 3; who++) {
      PtxKernel k = Ptx.parse(text.replace("WHO", String.valueOf(who))).kernel("k");
      new Emulator(memory).launch(k, Dim3.of(3), Dim3.of(1), 0, one);
      assertThat(one.toInts()).containsExactly(who);
    }
  }

  @Test
  void runsSomeBlocksOfALargeGrid() {
    DeviceBuffer all = memory.allocate("all", 40);
    all.write(new byte[40]);
    PtxKernel k =
        Ptx.parse(
                Ptx.kernel(
                    ".param .u64 p",
                    """
                    .reg .b64 %rd<3>;
                    .reg .b32 %r1;
                    ld.param.u64 %rd1, [p];
                    mov.u32 %r1, %ctaid.x;
                    mul.wide.u32 %rd2, %r1, 4;
                    add.s64 %rd1, %rd1, %rd2;
                    add.u32 %r1, %r1, 1;
                    st.global.u32 [%rd1], %r1;
                    """))
            .kernel("k");
    var some = new Emulator(memory, EmulatorOptions.DEFAULT.withMostBlocks(4));
    some.launch(k, Dim3.of(10), Dim3.of(1), 0, all);
    assertThat(all.toInts()).containsExactly(1, 0, 0, 4, 0, 0, 7, 0, 0, 10);
    some.launch(k, Dim3.of(4), Dim3.of(1), 0, all.slice(4, 16));
    assertThat(all.toInts()).containsExactly(1, 1, 2, 3, 4, 0, 7, 0, 0, 10);
  }

  @Test
  void endlessLoopsEnd() {
    var options = EmulatorOptions.DEFAULT.withStepLimit(1000);
    PtxKernel k = Ptx.parse(Ptx.kernel("", "again:\nbra again;")).kernel("k");
    assertThatThrownBy(() -> new Emulator(memory, options).launch(k, Dim3.of(1), Dim3.of(1), 0))
        .isInstanceOfSatisfying(
            PtxFault.class, f -> assertThat(f.kind()).isEqualTo(Kind.STEP_LIMIT))
        .hasMessageContaining("the warp has executed 1000 instructions");
  }
}
