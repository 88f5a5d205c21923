package modelc.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.stream.IntStream;
import modelc.ptx.EmulatorOptions.Order;
import modelc.ptx.PtxFault.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Shared memory, barriers, races, atomics and asynchronous copies. */
class BlockTest {
  private static final String REVERSE =
      """
      .shared .align 4 .b8 tile[256];
      .reg .b32 %t, %s, %u, %r;
      .reg .b64 %a, %o;
      mov.u32 %t, %tid.x;
      shl.b32 %s, %t, 2;
      mov.u32 %u, tile;
      add.u32 %s, %s, %u;
      st.shared.u32 [%s], %t;
      bar.sync 0;
      sub.u32 %s, 63, %t;
      shl.b32 %s, %s, 2;
      add.u32 %s, %s, %u;
      ld.shared.u32 %r, [%s];
      ld.param.u64 %a, [out];
      mul.wide.u32 %o, %t, 4;
      add.u64 %a, %a, %o;
      st.global.u32 [%a], %r;
      """;

  private final DeviceMemory memory = new DeviceMemory();

  private int[] run(String body, int threads, Order order) {
    DeviceBuffer out = memory.allocate("out", 4 * threads);
    var options = EmulatorOptions.DEFAULT.withOrder(order, 11);
    PtxKernel k = Ptx.parse(Ptx.kernel(".param .u64 out", body)).kernel("k");
    new Emulator(memory, options).launch(k, Dim3.of(1), Dim3.of(threads), 0, out);
    return out.toInts();
  }

  private PtxFault fault(String body, int threads) {
    PtxFault f = catchThrowableOfType(PtxFault.class, () -> run(body, threads, Order.ASCENDING));
    // Whether it is found does not depend on who comes first.
    for (Order order : Order.values()) {
      PtxFault other = catchThrowableOfType(PtxFault.class, () -> run(body, threads, order));
      assertThat(other).as(order.toString()).isNotNull();
    }
    return f;
  }

  @ParameterizedTest
  @EnumSource(Order.class)
  void threadsExchangeThroughSharedMemory(Order order) {
    assertThat(run(REVERSE, 64, order))
        .isEqualTo(IntStream.range(0, 64).map(t -> 63 - t).toArray());
  }

  @Test
  void aMissingBarrierIsARace() {
    PtxFault f = fault(REVERSE.replace("bar.sync 0;\n", ""), 64);
    assertThat(f.kind()).isIn(Kind.SHARED_RACE, Kind.UNINITIALISED_READ);
    // Within a warp too, though its lanes go together.
    f = fault(REVERSE.replace("bar.sync 0;\n", "").replace("63,", "31,"), 32);
    assertThat(f.kind()).isEqualTo(Kind.SHARED_RACE);
    assertThat(f)
        .hasMessageContaining(
            "thread (0, 0, 0), PTX line 17, ld.shared.u32 %r, [%s]; race: reads 4 bytes at byte 124"
                + " of shared memory, which thread (31, 0, 0) wrote at PTX line 13 with no barrier"
                + " between");
    assertThat(
            run(
                REVERSE.replace("bar.sync 0", "bar.warp.sync -1").replace("63,", "31,"),
                32,
                Order.RANDOM))
        .startsWith(31, 30);
  }

  @Test
  void aWriteAfterReadsNeedsABarrierToo() {
    PtxFault f = fault(REVERSE + "st.shared.u32 [%u], %t;", 64);
    assertThat(f.kind()).isEqualTo(Kind.SHARED_RACE);
    f =
        fault(
            REVERSE
                + "setp.eq.u32 %p, %t, 5;\n@%p st.shared.u32 [%u], %t;"
                    .replace("setp", ".reg .pred %p;\nsetp"),
            64);
    assertThat(f)
        .hasMessageContaining(
            "race: writes 4 bytes at byte 0 of shared memory, which thread (63, 0, 0)");
    run(
        REVERSE
            + "bar.sync 0;\n.reg .pred %p;\nsetp.eq.u32 %p, %t, 5;\n@%p st.shared.u32 [%u], %t;",
        64,
        Order.RANDOM);
  }

  @Test
  void sharedVariablesEndWhereTheyEnd() {
    PtxFault f = fault(REVERSE.replace("63,", "64,"), 64);
    assertThat(f.kind()).isEqualTo(Kind.OUT_OF_BOUNDS);
    f =
        fault(
            REVERSE
                .replace(".reg .b32 %t,", ".shared .b8 other[64];\n.reg .b32 %t,")
                .replace("tile[256]", "tile[252]"),
            64);
    assertThat(f.kind()).isEqualTo(Kind.OUT_OF_BOUNDS);
    assertThat(f)
        .hasMessageContaining(
            "writes 4 bytes at byte 252 of shared memory, which is between two variables");
  }

  @Test
  void sharedMemoryIsUndefinedInEachBlock() {
    PtxFault f =
        fault(
            REVERSE
                .replace(
                    "st.shared.u32 [%s], %t;",
                    "setp.gt.u32 %p, %t, 7;\n@%p st.shared.u32 [%s], %t;")
                .replace(".reg .b64", ".reg .pred %p;\n.reg .b64"),
            64);
    assertThat(f.kind()).isEqualTo(Kind.UNINITIALISED_READ);
    assertThat(f)
        .hasMessageContaining("thread (56, 0, 0)")
        .hasMessageContaining("at byte 28 of shared memory, which was never written");
  }

  @Test
  void dynamicSharedMemoryFollowsTheOther() {
    String text =
        Ptx.module(
            """
            .extern .shared .align 16 .b8 dynamic[];
            .shared .align 4 .b8 fixed[64];
            .visible .entry k(.param .u64 out)
            {
                .reg .b32 %t, %r, %s;
                .reg .b64 %a, %g;
                mov.u32 %t, %tid.x;
                mov.u32 %s, dynamic;
                st.shared.u32 [%s+12], 7;
                st.shared.u32 [fixed+60], 5;
                mov.u64 %g, dynamic;
                cvta.shared.u64 %g, %g;
                ld.u32 %r, [%g+12];
                ld.shared.u32 %t, [fixed+60];
                add.u32 %r, %r, %t;
                ld.param.u64 %a, [out];
                st.global.u32 [%a], %r;
                ret;
            }
            """);
    DeviceBuffer out = memory.allocate("out", 4);
    PtxKernel k = Ptx.parse(text).kernel("k");
    LaunchReport report = new Emulator(memory).launch(k, Dim3.of(1), Dim3.of(1), 16, out);
    assertThat(out.toInts()).containsExactly(12);
    assertThat(report.sharedBytes()).isEqualTo(80);
    assertThat(
            catchThrowableOfType(
                    PtxFault.class,
                    () -> new Emulator(memory).launch(k, Dim3.of(1), Dim3.of(1), 12, out))
                .kind())
        .isEqualTo(Kind.OUT_OF_BOUNDS);
    assertThat(
            catchThrowableOfType(
                IllegalArgumentException.class,
                () -> new Emulator(memory).launch(k, Dim3.of(1), Dim3.of(1), 232400, out)))
        .hasMessage("232464 bytes of shared memory: a block of sm_90 has 232448");
  }

  @Test
  void aBarrierThatSomeThreadsSkipIsReported() {
    String skip = ".reg .pred %p;\nsetp.ne.u32 %p, %t, 40;\n@%p bar.sync 0;\n";
    PtxFault f = fault(REVERSE.replace("bar.sync 0;\n", skip), 64);
    assertThat(f.kind()).isIn(Kind.BARRIER_DIVERGENCE, Kind.SHARED_RACE);
    f = fault(".reg .b32 %t;\nmov.u32 %t, %tid.x;\n" + skip, 64);
    assertThat(f.kind()).isEqualTo(Kind.BARRIER_DIVERGENCE);
    assertThat(f)
        .hasMessageContaining("thread (0, 0, 0)")
        .hasMessageContaining(
            "@%p bar.sync 0; divergence: waits for ever, for thread (40, 0, 0), which has ended");
    f =
        fault(
            ".reg .b32 %t;\nmov.u32 %t, %tid.x;\n"
                + skip.replace("ne.u32 %p, %t, 40", "lt.u32 %p, %t, 32")
                + "@!%p bar.sync 1;",
            64);
    assertThat(f)
        .hasMessageContaining("for thread (32, 0, 0), which waits at PTX line")
        .hasMessageContaining("@!%p bar.sync 1;");
  }

  @Test
  void namedBarriersOrderThoseWhoMeet() {
    // Warp 0 writes and announces it, warp 1 waits for it; warps 2 and 3 go their own way.
    String body =
        """
        .shared .align 4 .b8 tile[128];
        .reg .b32 %t, %s, %u, %r, %l;
        .reg .pred %p, %q;
        .reg .b64 %a, %o;
        mov.u32 %t, %tid.x;
        mov.u32 %l, %laneid;
        mov.u32 %r, 0;
        mov.u32 %u, tile;
        shl.b32 %s, %l, 2;
        add.u32 %s, %s, %u;
        setp.gt.u32 %p, %t, 63;
        @%p bra $end;
        setp.gt.u32 %p, %t, 31;
        @%p bra $consumer;
        st.shared.u32 [%s], %t;
        bar.arrive 3, 64;
        bra $end;
        $consumer:
        bar.sync 3, 64;
        xor.b32 %s, %s, 4;
        ld.shared.u32 %r, [%s];
        $end:
        ld.param.u64 %a, [out];
        mul.wide.u32 %o, %t, 4;
        add.u64 %a, %a, %o;
        st.global.u32 [%a], %r;
        """;
    for (Order order : Order.values()) {
      int[] r = run(body, 128, order);
      assertThat(IntStream.range(32, 64).allMatch(t -> r[t] == (t - 32 ^ 1))).isTrue();
    }
    assertThat(fault(body.replace("bar.sync 3, 64;", ""), 128).kind())
        .isIn(Kind.SHARED_RACE, Kind.UNINITIALISED_READ);
    assertThat(fault(body.replace("bar.sync 3, 64;", "bar.sync 3, 96;"), 128).kind())
        .isEqualTo(Kind.BARRIER_DIVERGENCE);
  }

  @Test
  void barriersReduce() {
    String body =
        """
        .reg .b32 %t, %r;
        .reg .pred %p, %q;
        .reg .b64 %a, %o;
        mov.u32 %t, %tid.x;
        setp.gt.u32 %p, %t, 40;
        bar.red.popc.u32 %r, 0, %p;
        bar.red.and.pred %q, 0, %p;
        @%q add.u32 %r, %r, 1000;
        barrier.sync 0;
        bar.red.or.pred %q, 0, !%p;
        @%q add.u32 %r, %r, 2000;
        ld.param.u64 %a, [out];
        mul.wide.u32 %o, %t, 4;
        add.u64 %a, %a, %o;
        st.global.u32 [%a], %r;
        """;
    for (Order order : Order.values()) {
      assertThat(run(body, 64, order)).containsOnly(2023);
    }
  }

  @Test
  void atomicsCountAndDoNotRace() {
    String body =
        """
        .shared .align 4 .b8 count[4];
        .reg .b32 %t, %r;
        .reg .f32 %f;
        .reg .pred %p;
        .reg .b64 %a, %o;
        mov.u32 %t, %tid.x;
        setp.eq.u32 %p, %t, 0;
        @%p st.shared.u32 [count], 0;
        bar.sync 0;
        atom.shared.add.u32 %r, [count], 1;
        ld.param.u64 %a, [out];
        mul.wide.u32 %o, %r, 4;
        add.u64 %a, %a, %o;
        st.global.u32 [%a], %r;
        """;
    assertThat(run(body, 96, Order.RANDOM)).isEqualTo(IntStream.range(0, 96).toArray());
    // Without the barrier the store races with them.
    assertThat(fault(body.replace("bar.sync 0;\n", ""), 96).kind())
        .isIn(Kind.SHARED_RACE, Kind.UNINITIALISED_READ);
    // So does a plain read.
    assertThat(fault(body + "ld.shared.u32 %r, [count];", 96).kind()).isEqualTo(Kind.SHARED_RACE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "add.u32; 5; 12; 17", "min.s32; -5; 12; -5", "max.u32; -5; 12; -5", "and.b32; 6; 12; 4",
        "or.b32; 6; 12; 14", "xor.b32; 6; 12; 10", "exch.b32; 6; 12; 6", "inc.u32; 12; 12; 0",
        "inc.u32; 20; 12; 13", "dec.u32; 20; 12; 11", "dec.u32; 20; 0; 20"
      })
  void atomicOperations(String row) {
    String[] c = row.split("; ");
    DeviceBuffer cell = memory.of("cell", Integer.parseInt(c[2]));
    DeviceBuffer out = memory.allocate("out", 4);
    String body =
        """
        .reg .b32 %r;
        .reg .b64 %c, %a;
        ld.param.u64 %c, [cell];
        ld.param.u64 %a, [out];
        atom.global.OP %r, [%c], OPERAND;
        st.global.u32 [%a], %r;
        """
            .replace("OPERAND", c[1])
            .replace("OP", c[0]);
    Ptx.run(Ptx.kernel(".param .u64 cell, .param .u64 out", body), memory, 1, cell, out);
    assertThat(out.toInts()).containsExactly(Integer.parseInt(c[2]));
    assertThat(cell.toInts()).containsExactly(Integer.parseInt(c[3]));
  }

  @Test
  void atomicsOfFloatsAndComparison() {
    DeviceBuffer sum = memory.of("sum", 0.5f);
    DeviceBuffer lock = memory.of("lock", 3);
    String body =
        """
        .reg .b32 %r;
        .reg .f32 %f;
        .reg .b64 %s, %l;
        ld.param.u64 %s, [sum];
        ld.param.u64 %l, [lock];
        mov.u32 %r, %tid.x;
        cvt.rn.f32.u32 %f, %r;
        red.global.add.f32 [%s], %f;
        add.u32 %r, %r, 3;
        atom.global.cas.b32 %r, [%l], %r, 9;
        """;
    Ptx.run(Ptx.kernel(".param .u64 sum, .param .u64 lock", body), memory, 64, sum, lock);
    assertThat(sum.toFloats()).containsExactly(2016.5f);
    assertThat(lock.toInts()).containsExactly(9);
  }

  private static final String COPY =
      """
      .shared .align 16 .b8 tile[1024];
      .reg .b32 %t, %s, %u, %r, %n;
      .reg .b64 %a, %o, %in;
      mov.u32 %t, %tid.x;
      ld.param.u64 %in, [in];
      mul.wide.u32 %o, %t, 16;
      add.u64 %in, %in, %o;
      shl.b32 %s, %t, 4;
      mov.u32 %u, tile;
      add.u32 %s, %s, %u;
      cp.async.cg.shared.global [%s], [%in], 16;
      cp.async.commit_group;
      cp.async.wait_group 0;
      bar.sync 0;
      sub.u32 %s, 63, %t;
      shl.b32 %s, %s, 4;
      add.u32 %s, %s, %u;
      ld.shared.u32 %r, [%s+8];
      ld.param.u64 %a, [out];
      mul.wide.u32 %o, %t, 4;
      add.u64 %a, %a, %o;
      st.global.u32 [%a], %r;
      """;

  private int[] copy(String body) {
    DeviceBuffer in = memory.of("in", IntStream.range(0, 256).toArray());
    DeviceBuffer out = memory.allocate("out", 256);
    Ptx.run(Ptx.kernel(".param .u64 in, .param .u64 out", body), memory, 64, in, out);
    return out.toInts();
  }

  private Kind copyFault(String from, String to) {
    assertThat(COPY).contains(from);
    return catchThrowableOfType(PtxFault.class, () -> copy(COPY.replace(from, to))).kind();
  }

  @Test
  void asynchronousCopiesArriveAtTheWait() {
    int[] expected = IntStream.range(0, 64).map(t -> (63 - t) * 4 + 2).toArray();
    assertThat(copy(COPY)).isEqualTo(expected);
    assertThat(
            copy(
                COPY.replace("cp.async.commit_group;\ncp.async.wait_group 0", "cp.async.wait_all")))
        .isEqualTo(expected);
    assertThat(
            copy(
                COPY.replace(
                    "cp.async.cg.shared.global [%s], [%in], 16;",
                    "cp.async.ca.shared.global [%s], [%in], 8;\ncp.async.ca.shared.global [%s+8], [%in+8], 4;")))
        .isEqualTo(expected);
  }

  @Test
  void whatCopiesDoNotReadIsZero() {
    assertThat(copy(COPY.replace("[%in], 16;", "[%in], 16, 8;"))).containsOnly(0);
    assertThat(copy(COPY.replace("[%in], 16;", "[%in], 16, 12;"))[0]).isEqualTo(63 * 4 + 2);
    // Without a byte to read the source may be anywhere.
    String nowhere = "mov.u64 %in, 0;\ncp.async.cg.shared.global [%s], [%in], 16, 0;";
    assertThat(copy(COPY.replace("cp.async.cg.shared.global [%s], [%in], 16;", nowhere)))
        .containsOnly(0);
  }

  @Test
  void unfinishedCopiesAreReported() {
    assertThat(copyFault("cp.async.wait_group 0;\n", "")).isEqualTo(Kind.UNFINISHED_COPY);
    // One group may still be under way.
    assertThat(copyFault("wait_group 0", "wait_group 1")).isEqualTo(Kind.UNFINISHED_COPY);
    // A wait is for committed copies.
    assertThat(copyFault("cp.async.commit_group;\n", "")).isEqualTo(Kind.UNFINISHED_COPY);
    // Others see them behind a barrier only.
    assertThat(copyFault("bar.sync 0;\n", "")).isIn(Kind.SHARED_RACE, Kind.UNINITIALISED_READ);
    assertThat(
            copyFault("cp.async.wait_group 0;\nbar.sync 0;", "bar.sync 0;\ncp.async.wait_group 0;"))
        .isIn(Kind.SHARED_RACE, Kind.UNFINISHED_COPY);
    assertThat(copyFault("[%in], 16", "[%in+4], 16")).isEqualTo(Kind.MISALIGNED);
  }

  @Test
  void threadsOfABlockRaceInGlobalMemoryToo() {
    String body =
        """
        .reg .b64 %a, %o;
        .reg .b32 %t, %r;
        mov.u32 %t, %tid.x;
        ld.param.u64 %a, [out];
        mul.wide.u32 %o, %t, 4;
        add.u64 %o, %a, %o;
        st.global.u32 [%o], %t;
        bar.sync 0;
        ld.global.u32 %r, [%a+4];
        """;
    run(body, 64, Order.RANDOM);
    assertThat(fault(body.replace("bar.sync 0;\n", ""), 64).kind())
        .isIn(Kind.GLOBAL_RACE, Kind.UNINITIALISED_READ);
  }
}
