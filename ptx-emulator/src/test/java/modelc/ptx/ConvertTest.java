package modelc.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Conversions between types. */
class ConvertTest {
  private static long[] one(String types, String instruction, long... in) {
    return Ptx.lanes(types, instruction + " d, a;", in);
  }

  @Test
  void integersAreExtendedAndCut() {
    assertThat(one("b64 b32", "cvt.s64.s32", Ptx.u32(-5, 5))).containsExactly(-5, 5);
    assertThat(one("b64 b32", "cvt.u64.u32", Ptx.u32(-5))).containsExactly(0xfffffffbL);
    assertThat(one("b32 b64", "cvt.u32.u64", 0x1_2345_6789L)).containsExactly(0x23456789);
    assertThat(one("b32 b32", "cvt.s32.s8", 0x1280, 0x127f)).isEqualTo(Ptx.u32(-128, 127));
    assertThat(one("b16 b32", "cvt.u16.u32", 0x12345678)).containsExactly(0x5678);
    // A narrow result in a wider register has the sign too.
    assertThat(one("b32 b32", "cvt.s8.s32", 0x80)).isEqualTo(Ptx.u32(-128));
    assertThat(one("b32 b32", "cvt.sat.s8.s32", Ptx.u32(300, -300, 5)))
        .isEqualTo(Ptx.u32(127, -128, 5));
    assertThat(one("b32 b32", "cvt.sat.u32.s32", Ptx.u32(-1, 7))).containsExactly(0, 7);
    assertThat(one("b32 b64", "cvt.sat.s32.u64", -1, 7)).containsExactly(0x7fffffff, 7);
  }

  @ParameterizedTest
  @CsvSource({
    "rni, 2, -2, 2, -3, 0",
    "rzi, 1, -1, 2, -2, 0",
    "rmi, 1, -2, 2, -3, 0",
    "rpi, 2, -1, 3, -2, 1",
  })
  void floatsBecomeIntegers(String mode, int a, int b, int c, int d, int e) {
    long[] in = Ptx.f32(1.5f, -1.5f, 2.5f, -2.6f, 0.1f);
    assertThat(one("b32 f32", "cvt." + mode + ".s32.f32", in)).isEqualTo(Ptx.u32(a, b, c, d, e));
    // Rounded to integers, still float32.
    assertThat(one("f32 f32", "cvt." + mode + ".f32.f32", in))
        .isEqualTo(Ptx.f32((float) a, (float) b, (float) c, (float) d, (float) e));
  }

  @Test
  void floatsBeyondTheIntegersAreClamped() {
    long[] in = Ptx.f32(3e9f, -3e9f, Float.NaN, Float.POSITIVE_INFINITY, 1e20f);
    assertThat(one("b32 f32", "cvt.rzi.s32.f32", in))
        .isEqualTo(Ptx.u32(0x7fffffff, 0x80000000, 0, 0x7fffffff, 0x7fffffff));
    assertThat(one("b32 f32", "cvt.rzi.u32.f32", in)).isEqualTo(Ptx.u32(3000000000L, 0, 0, -1, -1));
    assertThat(one("b64 f32", "cvt.rzi.s64.f32", in))
        .containsExactly(3000000000L, -3000000000L, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);
    assertThat(one("b64 f32", "cvt.rzi.u64.f32", Ptx.f32(0x1p63f, -1, 0x1p64f)))
        .containsExactly(Long.MIN_VALUE, 0, -1);
  }

  @Test
  void integersBecomeFloats() {
    long[] in = Ptx.u32(16777217, -16777217, 0xffffffff);
    assertThat(one("f32 b32", "cvt.rn.f32.s32", in)).isEqualTo(Ptx.f32(16777216, -16777216, -1));
    assertThat(one("f32 b32", "cvt.rp.f32.s32", in)).isEqualTo(Ptx.f32(16777218, -16777216, -1));
    assertThat(one("f32 b32", "cvt.rz.f32.u32", in))
        .isEqualTo(Ptx.f32(16777216, 0x1.fdfffep31f, Math.nextDown(0x1p32f)));
    assertThat(one("f64 b64", "cvt.rn.f64.s64", (1L << 53) + 1)).isEqualTo(Ptx.f64(0x1p53));
    assertThat(one("f64 b64", "cvt.rp.f64.u64", -1)).isEqualTo(Ptx.f64(0x1p64));
    assertThat(one("f64 b64", "cvt.rz.f64.u64", -1)).isEqualTo(Ptx.f64(Math.nextDown(0x1p64)));
    assertThat(one("f32 b64", "cvt.rn.f32.u64", -1)).isEqualTo(Ptx.f32(0x1p64f));
    assertThat(one("b16 b32", "cvt.rn.f16.s32", 2049)).containsExactly(0x6800);
  }

  @Test
  void floatsAreNarrowedAndWidened() {
    assertThat(one("f32 f64", "cvt.rn.f32.f64", Ptx.f64(0.1, 1e300)))
        .isEqualTo(Ptx.f32(0.1f, Float.POSITIVE_INFINITY));
    assertThat(one("f32 f64", "cvt.rz.f32.f64", Ptx.f64(0.1, 1e300)))
        .isEqualTo(Ptx.f32(Math.nextDown(0.1f), Float.MAX_VALUE));
    assertThat(one("f64 f32", "cvt.f64.f32", Ptx.f32(0.1f))).isEqualTo(Ptx.f64(0.1f));
    assertThat(one("b16 f32", "cvt.rn.f16.f32", Ptx.f32(1, 65520, 1e-8f, 0x1.002p0f, 0x1.006p0f)))
        .containsExactly(0x3c00, 0x7c00, 0, 0x3c00, 0x3c02);
    assertThat(one("f32 b16", "cvt.f32.f16", 0x3c01, 0x0001, 0x7c00))
        .isEqualTo(Ptx.f32(0x1.004p0f, 0x1p-24f, Float.POSITIVE_INFINITY));
    assertThat(one("b16 f32", "cvt.rn.bf16.f32", Ptx.f32(1, 0x1.01p0f, 0x1.03p0f, 0x1.0102p0f)))
        .containsExactly(0x3f80, 0x3f80, 0x3f82, 0x3f81);
    assertThat(one("b16 f32", "cvt.rz.bf16.f32", Ptx.f32(0x1.03p0f, Float.NaN)))
        .containsExactly(0x3f81, 0x7fff);
    assertThat(one("f32 b16", "cvt.f32.bf16", 0x3f81)).isEqualTo(Ptx.f32(0x1.02p0f));
  }

  @Test
  void tf32KeepsTenBits() {
    // Ties go away from zero.
    assertThat(
            one("b32 f32", "cvt.rna.tf32.f32", Ptx.f32(0x1.002p0f, -0x1.002p0f, 0x1.001p0f, 3.5f)))
        .isEqualTo(Ptx.f32(0x1.004p0f, -0x1.004p0f, 1, 3.5f));
  }

  @Test
  void pairsArePacked() {
    // The first operand goes to the upper half.
    assertThat(
            Ptx.lanes("b32 f32 f32", "cvt.rn.bf16x2.f32 d, a, b;", Ptx.f32(1, -1), Ptx.f32(2, 3)))
        .containsExactly(0x3f804000, 0xbf804040L);
    assertThat(Ptx.lanes("b32 f32 f32", "cvt.rn.f16x2.f32 d, a, b;", Ptx.f32(1, -1), Ptx.f32(2, 3)))
        .containsExactly(0x3c004000, 0xbc004200L);
    assertThat(
            Ptx.lanes(
                "b32 f32 f32", "cvt.rn.relu.bf16x2.f32 d, a, b;", Ptx.f32(1, -1), Ptx.f32(2, 3)))
        .containsExactly(0x3f804000, 0x00004040L);
  }
}
