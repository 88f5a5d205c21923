package modelc.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.function.LongBinaryOperator;
import modelc.ptx.PtxFault.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Integer arithmetic, logic, shifts, bit fields, comparisons of integers. */
class IntegerTest {
  private static final long[] CORNERS = {
    0, 1, 2, 3, 7, 31, 32, 33, 0x7fff_ffff, 0x8000_0000L, 0x8000_0001L, 0xffff_fffeL, 0xffff_ffffL
  };

  /** All pairs of corners, as far as a block has threads, and some random ones. */
  private static long[][] pairs() {
    var random = new Random(5);
    int n = 13 * 13 + 31;
    var a = new long[n];
    var b = new long[n];
    for (int i = 0; i < n; i++) {
      a[i] = i < 169 ? CORNERS[i / 13] : random.nextInt() & 0xffff_ffffL;
      b[i] = i < 169 ? CORNERS[i % 13] : random.nextInt() & 0xffff_ffffL;
    }
    return new long[][] {a, b};
  }

  private static void check(String instruction, LongBinaryOperator expected) {
    long[][] p = pairs();
    long[] d = Ptx.lanes("b32 b32 b32", instruction + " d, a, b;", p[0], p[1]);
    for (int i = 0; i < d.length; i++) {
      long e = expected.applyAsLong(p[0][i], p[1][i]) & 0xffff_ffffL;
      assertThat(d[i]).as("%s %x %x", instruction, p[0][i], p[1][i]).isEqualTo(e);
    }
  }

  @Test
  void arithmeticOfTwo() {
    check("add.s32", (a, b) -> (int) a + (int) b);
    check("add.sat.s32", (a, b) -> Math.clamp((long) (int) a + (int) b, -1L << 31, (1L << 31) - 1));
    check("sub.u32", (a, b) -> (int) a - (int) b);
    check("mul.lo.s32", (a, b) -> (int) a * (int) b);
    check("mul.hi.s32", (a, b) -> (long) (int) a * (int) b >> 32);
    check("mul.hi.u32", (a, b) -> a * b >>> 32);
    check("min.s32", (a, b) -> Math.min((int) a, (int) b));
    check("max.u32", Math::max);
    check("and.b32", (a, b) -> a & b);
    check("or.b32", (a, b) -> a | b);
    check("xor.b32", (a, b) -> a ^ b);
  }

  @Test
  void shiftsBeyondTheWidthLeaveNothing() {
    check("shl.b32", (a, b) -> b > 31 ? 0 : a << b);
    check("shr.u32", (a, b) -> b > 31 ? 0 : a >>> b);
    check("shr.s32", (a, b) -> (int) a >> Math.min(b, 31));
  }

  @Test
  void funnelShifts() {
    long[] low = Ptx.u32(0x11223344, 0x11223344, 0x11223344, 0x11223344);
    long[] high = Ptx.u32(0xaabbccdd, 0xaabbccdd, 0xaabbccdd, 0xaabbccdd);
    long[] n = {0, 8, 32, 40};
    assertThat(Ptx.lanes("b32 b32 b32 b32", "shf.l.wrap.b32 d, a, b, c;", low, high, n))
        .isEqualTo(Ptx.u32(0xaabbccdd, 0xbbccdd11, 0xaabbccdd, 0xbbccdd11));
    assertThat(Ptx.lanes("b32 b32 b32 b32", "shf.l.clamp.b32 d, a, b, c;", low, high, n))
        .isEqualTo(Ptx.u32(0xaabbccdd, 0xbbccdd11, 0x11223344, 0x11223344));
    assertThat(Ptx.lanes("b32 b32 b32 b32", "shf.r.wrap.b32 d, a, b, c;", low, high, n))
        .isEqualTo(Ptx.u32(0x11223344, 0xdd112233, 0x11223344, 0xdd112233));
    assertThat(Ptx.lanes("b32 b32 b32 b32", "shf.r.clamp.b32 d, a, b, c;", low, high, n))
        .isEqualTo(Ptx.u32(0x11223344, 0xdd112233, 0xaabbccdd, 0xaabbccdd));
  }

  @Test
  void quotients() {
    long[] a = Ptx.u32(7, -7, 7, -7, 0x80000000);
    long[] b = Ptx.u32(2, 2, -2, -2, 3);
    assertThat(Ptx.lanes("b32 b32 b32", "div.s32 d, a, b;", a, b))
        .isEqualTo(Ptx.u32(3, -3, -3, 3, -715827882));
    assertThat(Ptx.lanes("b32 b32 b32", "rem.s32 d, a, b;", a, b))
        .isEqualTo(Ptx.u32(1, -1, 1, -1, -2));
    assertThat(Ptx.lanes("b32 b32 b32", "div.u32 d, a, b;", a, b))
        .isEqualTo(Ptx.u32(3, 0x7ffffffc, 0, 0, 0x2aaaaaaa));
    PtxFault f =
        Ptx.fault(
            Ptx.kernel("", ".reg .b32 r;\nmov.u32 r, %tid.x;\nrem.u32 r, 5, r;"),
            new DeviceMemory(),
            1);
    assertThat(f.kind()).isEqualTo(Kind.INVALID_INSTRUCTION);
    assertThat(f).hasMessageContaining("divides by zero");
  }

  @Test
  void wideAndLongProducts() {
    long[] a = Ptx.u32(-3, 0xffffffff);
    long[] b = Ptx.u32(5, 0xffffffff);
    assertThat(Ptx.lanes("b64 b32 b32", "mul.wide.s32 d, a, b;", a, b)).containsExactly(-15, 1);
    assertThat(Ptx.lanes("b64 b32 b32", "mul.wide.u32 d, a, b;", a, b))
        .containsExactly(0xfffffffdL * 5, 0xfffffffe00000001L);
    long[] c = {100, -1};
    assertThat(Ptx.lanes("b64 b32 b32 b64", "mad.wide.s32 d, a, b, c;", a, b, c))
        .containsExactly(85, 0);
    assertThat(Ptx.lanes("b64 b64 b64", "mul.hi.s64 d, a, b;", new long[] {-1}, new long[] {3}))
        .containsExactly(-1);
    assertThat(Ptx.lanes("b64 b64 b64", "mul.hi.u64 d, a, b;", new long[] {-1}, new long[] {3}))
        .containsExactly(2);
    assertThat(Ptx.lanes("b32 b32 b32 b32", "mad.lo.s32 d, a, b, c;", a, b, Ptx.u32(16, 7)))
        .isEqualTo(Ptx.u32(1, 8));
  }

  @Test
  void sixteenBits() {
    long[] a = {0xfff0, 0x7fff};
    long[] b = {0x20, 1};
    assertThat(Ptx.lanes("b16 b16 b16", "add.s16 d, a, b;", a, b)).containsExactly(0x10, 0x8000);
    assertThat(Ptx.lanes("b16 b16 b16", "mul.lo.s16 d, a, b;", a, b))
        .containsExactly(0xfe00, 0x7fff);
    assertThat(Ptx.lanes("b32 b16 b16", "mul.wide.s16 d, a, b;", a, b))
        .isEqualTo(Ptx.u32(-16 * 32, 0x7fff));
    assertThat(Ptx.lanes("b16 b16", "shr.s16 d, a, 4;", a)).containsExactly(0xffff, 0x7ff);
    assertThat(Ptx.lanes("b16 b16", "neg.s16 d, a;", a)).containsExactly(0x10, 0x8001);
  }

  @Test
  void bitsAreCountedAndReversed() {
    long[] a = Ptx.u32(0, 1, 0x00f0_0000, -1);
    assertThat(Ptx.lanes("b32 b32", "clz.b32 d, a;", a)).containsExactly(32, 31, 8, 0);
    assertThat(Ptx.lanes("b32 b32", "popc.b32 d, a;", a)).containsExactly(0, 1, 4, 32);
    assertThat(Ptx.lanes("b32 b32", "brev.b32 d, a;", a))
        .isEqualTo(Ptx.u32(0, 0x80000000, 0x0f00, -1));
    assertThat(Ptx.lanes("b32 b32", "bfind.u32 d, a;", a)).isEqualTo(Ptx.u32(-1, 0, 23, 31));
    assertThat(Ptx.lanes("b32 b32", "bfind.s32 d, a;", a)).isEqualTo(Ptx.u32(-1, 0, 23, -1));
    assertThat(Ptx.lanes("b32 b64", "clz.b64 d, a;", a)).containsExactly(64, 63, 40, 32);
    assertThat(Ptx.lanes("b32 b32", "not.b32 d, a;", a)).isEqualTo(Ptx.u32(-1, -2, 0xff0fffff, 0));
    assertThat(Ptx.lanes("b32 b32", "abs.s32 d, a;", a)).isEqualTo(Ptx.u32(0, 1, 0xf00000, 1));
  }

  @ParameterizedTest
  @CsvSource({
    // value, position, length, unsigned, signed
    "0xabcd1234, 8, 8, 0x12, 0x12",
    "0xabcd1234, 16, 16, 0xabcd, 0xffffabcd",
    "0xabcd1234, 28, 8, 0xa, 0xfffffffa",
    "0xabcd1234, 0, 0, 0, 0",
    "0xabcd1234, 40, 8, 0, 0xffffffff",
    "0x7bcd1234, 40, 8, 0, 0",
    "0xabcd1234, 0, 32, 0xabcd1234, 0xabcd1234",
  })
  void fieldsAreExtracted(String value, long at, long length, String unsigned, String signed) {
    String types = "b32 b32 b32 b32";
    long[] a = {Long.decode(value)};
    long[] b = {at};
    long[] c = {length};
    assertThat(Ptx.lanes(types, "bfe.u32 d, a, b, c;", a, b, c))
        .containsExactly(Long.decode(unsigned));
    assertThat(Ptx.lanes(types, "bfe.s32 d, a, b, c;", a, b, c))
        .containsExactly(Long.decode(signed));
  }

  @Test
  void fieldsAreInserted() {
    assertThat(Ptx.lanes("b32 b32 b32", "bfi.b32 d, a, b, 8, 12;", Ptx.u32(0xabcde), Ptx.u32(-1)))
        .isEqualTo(Ptx.u32(0xfffcdeff));
    assertThat(Ptx.lanes("b32 b32 b32", "bfi.b32 d, a, b, 28, 12;", Ptx.u32(5), Ptx.u32(-1)))
        .isEqualTo(Ptx.u32(0x5fffffff));
  }

  @Test
  void bytesArePermuted() {
    long[] a = Ptx.u32(0x33221100);
    long[] b = Ptx.u32(0x77665584);
    assertThat(Ptx.lanes("b32 b32 b32", "prmt.b32 d, a, b, 0x7250;", a, b))
        .isEqualTo(Ptx.u32(0x77225500));
    // With the highest bit of a selector the byte's sign is spread.
    assertThat(Ptx.lanes("b32 b32 b32", "prmt.b32 d, a, b, 0x00c8;", a, b))
        .isEqualTo(Ptx.u32(0x0000ff00));
  }

  @Test
  void logicOfThree() {
    long[] a = Ptx.u32(0xf0f0f0f0);
    long[] b = Ptx.u32(0xcccccccc);
    long[] c = Ptx.u32(0xaaaaaaaa);
    assertThat(Ptx.lanes("b32 b32 b32 b32", "lop3.b32 d, a, b, c, 0x96;", a, b, c))
        .isEqualTo(Ptx.u32(0xf0f0f0f0 ^ 0xcccccccc ^ 0xaaaaaaaa));
    assertThat(Ptx.lanes("b32 b32 b32 b32", "lop3.b32 d, a, b, c, 0xea;", a, b, c))
        .isEqualTo(Ptx.u32(0xf0f0f0f0 & 0xcccccccc | 0xaaaaaaaa));
  }

  @Test
  void comparisons() {
    checkComparison("setp.lt.s32", (a, b) -> (int) a < (int) b ? 1 : 0);
    checkComparison("setp.ge.s32", (a, b) -> (int) a >= (int) b ? 1 : 0);
    checkComparison("setp.lt.u32", (a, b) -> a < b ? 1 : 0);
    checkComparison("setp.hi.u32", (a, b) -> a > b ? 1 : 0);
    checkComparison("setp.ls.u32", (a, b) -> a <= b ? 1 : 0);
    checkComparison("setp.ne.b32", (a, b) -> a != b ? 1 : 0);
    long[][] p = pairs();
    long[] d =
        Ptx.lanes(
            "b32 b32 b32",
            """
            setp.gt.s32 q, a, 0;
            setp.lt.and.s32 p|q, a, b, q;
            selp.b32 d, 1, 0, p;
            @q or.b32 d, d, 2;
            @!q or.b32 d, d, 4;
            """,
            p[0],
            p[1]);
    for (int i = 0; i < d.length; i++) {
      boolean less = (int) p[0][i] < (int) p[1][i];
      boolean positive = (int) p[0][i] > 0;
      assertThat(d[i]).isEqualTo((less && positive ? 1 : 0) | (!less && positive ? 2 : 4));
    }
    assertThat(Ptx.lanes("b32 b32 b32", "set.le.u32.s32 d, a, b;", Ptx.u32(-1, 5), Ptx.u32(0, 4)))
        .isEqualTo(Ptx.u32(-1, 0));
  }

  private static void checkComparison(String setp, LongBinaryOperator expected) {
    long[][] p = pairs();
    long[] d = Ptx.lanes("b32 b32 b32", setp + " p, a, b;\nselp.b32 d, 1, 0, p;", p[0], p[1]);
    for (int i = 0; i < d.length; i++) {
      assertThat(d[i]).isEqualTo(expected.applyAsLong(p[0][i], p[1][i]));
    }
  }

  @Test
  void predicatesCombine() {
    long[] d =
        Ptx.lanes(
            "b32 b32 b32",
            """
            setp.ne.b32 p, a, 0;
            setp.ne.b32 q, b, 0;
            .reg .pred x, y, z, n;
            and.pred x, p, q;
            or.pred y, p, q;
            xor.pred z, p, q;
            not.pred n, p;
            mov.pred p, n;
            selp.b32 d, 1, 0, x;
            @y add.u32 d, d, 2;
            @z add.u32 d, d, 4;
            @!p add.u32 d, d, 8;
            """,
            new long[] {0, 0, 1, 1},
            new long[] {0, 1, 0, 1});
    assertThat(d).containsExactly(0, 6, 14, 11);
  }

  @Test
  void vectorsArePackedAndSplit() {
    assertThat(
            Ptx.lanes(
                "b64 b32 b32",
                """
                .reg .b16 l, h, x;
                .reg .b32 e, f;
                mov.b32 {l, h}, a;
                mov.b32 e, {h, l};
                mov.b64 d, {e, b};
                mov.b64 {_, f}, d;
                mov.b64 d, {e, f};
                """,
                Ptx.u32(0x12345678),
                Ptx.u32(0x9abcdef0)))
        .containsExactly(0x9abcdef0_56781234L);
  }

  @Test
  void specialRegisters() {
    long[] d =
        Ptx.lanes(
            "b32",
            """
            .reg .b32 x;
            mov.u32 d, %laneid;
            mov.u32 x, %lanemask_lt;
            popc.b32 x, x;
            mad.lo.u32 d, x, 100, d;
            mov.u32 x, %lanemask_ge;
            popc.b32 x, x;
            mad.lo.u32 d, x, 10000, d;
            mov.u32 x, %ntid.x;
            mad.lo.u32 d, x, 1000000, d;
            """);
    for (int i = 0; i < 32; i++) {
      assertThat(d[i]).isEqualTo(i + 100L * i + 10000L * (32 - i) + 32_000_000);
    }
  }
}
