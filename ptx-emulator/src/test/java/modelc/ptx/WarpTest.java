package modelc.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import modelc.ptx.PtxFault.Kind;
import org.junit.jupiter.api.Test;

/** Control flow, and what the lanes of a warp do together. */
class WarpTest {
  /** Runs a body on one warp; it leaves its result in r, of 32 bits. */
  private static int[] warp(String body) {
    var memory = new DeviceMemory();
    DeviceBuffer out = memory.allocate("out", 128);
    Ptx.run(text(body), memory, 32, out);
    return out.toInts();
  }

  private static PtxFault fault(String body, int threads) {
    var memory = new DeviceMemory();
    return Ptx.fault(text(body), memory, threads, memory.allocate("out", 4 * threads));
  }

  private static String text(String body) {
    return Ptx.kernel(
        ".param .u64 out",
        """
        .reg .b32 %t, %r, %s, %u;
        .reg .pred %p, %q;
        .reg .b64 %a, %o;
        mov.u32 %t, %tid.x;
        """
            + body
            + """
              ld.param.u64 %a, [out];
              mul.wide.u32 %o, %t, 4;
              add.u64 %a, %a, %o;
              st.global.u32 [%a], %r;
              """);
  }

  private static int[] of(java.util.function.IntUnaryOperator f) {
    return java.util.stream.IntStream.range(0, 32).map(f).toArray();
  }

  @Test
  void branchesNestAndMeetAgain() {
    int[] r =
        warp(
            """
            mov.u32 %r, 0;
            setp.lt.u32 %p, %t, 16;
            @!%p bra $else;
            setp.lt.u32 %q, %t, 8;
            @%q bra $inner;
            add.u32 %r, %r, 1;
            bra.uni $joined;
            $inner:
            add.u32 %r, %r, 2;
            $joined:
            add.u32 %r, %r, 10;
            bra.uni $end;
            $else:
            add.u32 %r, %r, 3;
            $end:
            vote.sync.ballot.b32 %s, %p, 0xffffffff;
            add.u32 %r, %r, %s;
            """);
    assertThat(r).isEqualTo(of(t -> (t < 8 ? 12 : t < 16 ? 11 : 3) + 0xffff));
  }

  @Test
  void loopsRunAsOftenAsEachLaneSays() {
    int[] r =
        warp(
            """
            mov.u32 %r, 0;
            mov.u32 %s, 0;
            $loop:
            setp.ge.u32 %p, %s, %t;
            @%p bra $done;
            add.u32 %s, %s, 1;
            and.b32 %u, %s, 1;
            setp.eq.u32 %q, %u, 0;
            @%q bra $loop;
            add.u32 %r, %r, %s;
            bra $loop;
            $done:
            """);
    assertThat(r).isEqualTo(of(t -> (t + 1) / 2 * ((t + 1) / 2)));
  }

  @Test
  void lanesThatEndLeaveTheOthers() {
    var memory = new DeviceMemory();
    DeviceBuffer out = memory.allocate("out", 128);
    out.fill((byte) 0);
    LaunchReport report =
        Ptx.run(
            text(
                """
                setp.ge.u32 %p, %t, 5;
                @%p exit;
                activemask.b32 %r;
                """),
            memory,
            32,
            out);
    assertThat(out.toInts()).startsWith(31, 31, 31, 31, 31, 0);
    assertThat(report.divergences()).isEqualTo(1);
    // 8 instructions by five threads, two or three of them by the others too.
    assertThat(report.warpInstructions()).isEqualTo(9);
  }

  @Test
  void indexedBranches() {
    int[] r =
        warp(
            """
            rem.u32 %s, %t, 3;
            $targets: .branchtargets $zero, $one, $two;
            brx.idx %s, $targets;
            $zero:
            mov.u32 %r, 100;
            bra $end;
            $one:
            mov.u32 %r, 200;
            bra $end;
            $two:
            mov.u32 %r, 300;
            $end:
            """);
    assertThat(r).isEqualTo(of(t -> 100 * (t % 3 + 1)));
    PtxFault f =
        fault(
            """
            $targets: .branchtargets $zero;
            mov.u32 %r, 0;
            brx.idx %t, $targets;
            $zero:
            """,
            2);
    assertThat(f).hasMessageContaining("index 1 of 1 branch targets");
  }

  @Test
  void functionsAreCalled() {
    String text =
        Ptx.module(
            """
            .func (.param .b32 result) scale(.param .b32 x, .param .b32 y)
            {
                .reg .b32 %r<4>;
                .reg .pred %p;
                ld.param.b32 %r1, [x];
                ld.param.b32 %r2, [y];
                setp.gt.u32 %p, %r1, 3;
                @%p bra L;
                st.param.b32 [result], 0;
                ret;
            L:
                mul.lo.u32 %r3, %r1, %r2;
                st.param.b32 [result], %r3;
                ret;
            }
            .visible .entry k(.param .u64 out)
            {
                .reg .b32 %r<4>;
                .reg .b64 %a<3>;
                mov.u32 %r1, %tid.x;
                {
                .param .b32 p0;
                .param .b32 p1;
                .param .b32 r0;
                st.param.b32 [p0], %r1;
                st.param.b32 [p1], 7;
                call.uni (r0), scale, (p0, p1);
                ld.param.b32 %r2, [r0];
                }
                {
                .param .b32 p0;
                .param .b32 p1;
                .param .b32 r0;
                st.param.b32 [p0], %r2;
                st.param.b32 [p1], 2;
                call.uni (r0), scale, (p0, p1);
                ld.param.b32 %r2, [r0];
                }
                ld.param.u64 %a1, [out];
                mul.wide.u32 %a2, %r1, 4;
                add.u64 %a1, %a1, %a2;
                st.global.u32 [%a1], %r2;
                ret;
            }
            """);
    var memory = new DeviceMemory();
    DeviceBuffer out = memory.allocate("out", 128);
    Ptx.run(text, memory, 32, out);
    assertThat(out.toInts()).isEqualTo(of(t -> t > 3 ? t * 14 : 0));
  }

  @Test
  void shufflesMoveValues() {
    String shfl =
        "shfl.sync.%s.b32 %%r|%%p, %%t, %d, 0x%x, 0xffffffff;\n@!%%p add.u32 %%r, %%r, 1000;\n";
    assertThat(warp(shfl.formatted("bfly", 5, 0x1f))).isEqualTo(of(t -> t ^ 5));
    assertThat(warp(shfl.formatted("up", 3, 0))).isEqualTo(of(t -> t < 3 ? t + 1000 : t - 3));
    assertThat(warp(shfl.formatted("down", 3, 0x1f))).isEqualTo(of(t -> t > 28 ? t + 1000 : t + 3));
    assertThat(warp(shfl.formatted("idx", 9, 0x1f))).isEqualTo(of(t -> 9));
    // Segments of eight lanes: the mask keeps the upper bits of the lane.
    assertThat(warp(shfl.formatted("idx", 2, 0x181f))).isEqualTo(of(t -> t / 8 * 8 + 2));
    assertThat(warp(shfl.formatted("down", 3, 0x181f)))
        .isEqualTo(of(t -> t % 8 > 4 ? t + 1000 : t + 3));
    assertThat(warp(shfl.formatted("up", 2, 0x1800)))
        .isEqualTo(of(t -> t % 8 < 2 ? t + 1000 : t - 2));
  }

  @Test
  void aButterflySums() {
    int[] r =
        warp(
            """
            mov.u32 %r, %t;
            mov.u32 %s, 16;
            $loop:
            shfl.sync.bfly.b32 %u, %r, %s, 31, -1;
            add.u32 %r, %r, %u;
            shr.u32 %s, %s, 1;
            setp.ne.u32 %p, %s, 0;
            @%p bra $loop;
            """);
    assertThat(r).isEqualTo(of(t -> 496));
  }

  @Test
  void votesAndMatches() {
    String sixth = "setp.lt.u32 %p, %t, 6;\n";
    assertThat(warp(sixth + "vote.sync.ballot.b32 %r, !%p, -1;")).isEqualTo(of(t -> ~63));
    assertThat(warp(sixth + "vote.sync.any.pred %q, %p, -1;\nselp.u32 %r, 1, 0, %q;"))
        .isEqualTo(of(t -> 1));
    assertThat(warp(sixth + "vote.sync.all.pred %q, %p, -1;\nselp.u32 %r, 1, 0, %q;"))
        .isEqualTo(of(t -> 0));
    assertThat(warp("shr.u32 %s, %t, 3;\nmatch.any.sync.b32 %r, %s, -1;"))
        .isEqualTo(of(t -> 0xff << t / 8 * 8));
    assertThat(warp("mov.u32 %s, 4;\nmatch.all.sync.b32 %r|%p, %s, -1;")).isEqualTo(of(t -> -1));
    assertThat(warp("redux.sync.add.u32 %r, %t, -1;")).isEqualTo(of(t -> 496));
    assertThat(warp("sub.s32 %s, %t, 9;\nredux.sync.min.s32 %r, %s, -1;")).isEqualTo(of(t -> -9));
    assertThat(warp("redux.sync.xor.b32 %r, %t, -1;")).isEqualTo(of(t -> 0));
  }

  @Test
  void partsOfAWarpSynchroniseOnTheirOwn() {
    // Each half calls with its own mask, in a branch of its own or both at once.
    assertThat(
            warp(
                """
                setp.lt.u32 %p, %t, 16;
                selp.b32 %s, 0xffff, 0xffff0000, %p;
                redux.sync.add.u32 %r, %t, %s;
                @%p bra $low;
                shfl.sync.idx.b32 %u, %r, 16, 31, 0xffff0000;
                bra $end;
                $low:
                shfl.sync.idx.b32 %u, %r, 0, 31, 0xffff;
                $end:
                add.u32 %r, %r, %u;
                """))
        .isEqualTo(of(t -> t < 16 ? 240 : 2 * 376));
  }

  @Test
  void lanesThatDivergedWaitForEachOtherInAShuffle() {
    // The lanes come to the shuffle from different iterations and meet there.
    assertThat(
            warp(
                """
                and.b32 %s, %t, 3;
                $loop:
                setp.eq.u32 %p, %s, 0;
                @%p bra $out;
                sub.u32 %s, %s, 1;
                bra $loop;
                $out:
                shfl.sync.bfly.b32 %r, %t, 1, 31, -1;
                """))
        .isEqualTo(of(t -> t ^ 1));
  }

  @Test
  void aShuffleThatSomeLanesSkipIsReported() {
    PtxFault f =
        fault(
            """
            mov.u32 %r, 0;
            setp.eq.u32 %p, %t, 3;
            @%p bra $skip;
            shfl.sync.bfly.b32 %r, %t, 1, 31, 0xffffffff;
            $skip:
            add.u32 %r, %r, 1;
            """,
            32);
    assertThat(f.kind()).isEqualTo(Kind.BARRIER_DIVERGENCE);
    assertThat(f)
        .hasMessageContaining("thread (0, 0, 0)")
        .hasMessageContaining("shfl.sync.bfly.b32 %r, %t, 1, 31, 4294967295;")
        .hasMessageContaining("waits for ever, for thread (3, 0, 0), which has ended");
  }

  @Test
  void aLaneHasToBeInItsMask() {
    PtxFault f = fault("shfl.sync.bfly.b32 %r, %t, 1, 31, 0xffff;", 32);
    assertThat(f.kind()).isEqualTo(Kind.BARRIER_DIVERGENCE);
    assertThat(f).hasMessageContaining("the member mask 0xffff does not name the thread itself");
    f =
        fault(
            """
            mov.u32 %r, 0;
            setp.lt.u32 %p, %t, 16;
            @%p shfl.sync.bfly.b32 %r, %t, 16, 31, 0xffff;
            """,
            32);
    assertThat(f).hasMessageContaining("takes the value of lane 16, which does not take part");
  }

  @Test
  void uninitialisedRegistersAreReported() {
    PtxFault f = fault("setp.lt.u32 %p, %t, 4;\n@%p mov.u32 %s, 1;\nadd.u32 %r, %s, 1;", 32);
    assertThat(f.kind()).isEqualTo(Kind.UNINITIALISED_READ);
    assertThat(f)
        .hasMessageContaining("thread (4, 0, 0)")
        .hasMessageContaining("reads register %s, which has no value");
    f = fault("@%p mov.u32 %r, 1;", 32);
    assertThat(f).hasMessageContaining("reads predicate %p, which has no value");
    // A copy is no use, nor is what selp leaves.
    assertThat(
            warp(
                """
                setp.lt.u32 %p, %t, 99;
                mov.u32 %s, %u;
                selp.b32 %r, %t, %s, %p;
                """))
        .isEqualTo(of(t -> t));
    f = fault("setp.gt.u32 %p, %t, 99;\nmov.u32 %s, %u;\nselp.b32 %r, %t, %s, %p;", 32);
    assertThat(f).hasMessageContaining("reads register %r, which has no value");
  }

  @Test
  void trapsStop() {
    assertThat(fault("mov.u32 %r, 0;\nsetp.eq.u32 %p, %t, 3;\n@%p trap;", 32))
        .hasMessageContaining("thread (3, 0, 0)")
        .extracting(PtxFault::kind)
        .isEqualTo(Kind.TRAP);
  }
}
