package modelc.ir;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PrecisionTest {
  /** Hexadecimal literals: the value, and the nearest of the precision; ties both ways. */
  @ParameterizedTest
  @CsvSource({
    "TF32, 0x1.001p0, 0x1.000p0",
    "TF32, 0x1.002p0, 0x1.004p0",
    "TF32, 0x1.006p0, 0x1.008p0",
    "TF32, -0x1.002p0, -0x1.004p0",
    "TF32, 0x1.fffffep127, Infinity",
    "TF32, 0x1p-149, 0x0p0",
    "BF16, 0x1.010p0, 0x1.000p0",
    "BF16, 0x1.030p0, 0x1.040p0",
    "BF16, 0x1.0102p0, 0x1.020p0",
    "BF16, -0x1.030p0, -0x1.040p0",
    "BF16, -0x1.fffffep127, -Infinity",
    "FLOAT32, 0x1.234566p0, 0x1.234566p0",
    "BF16, Infinity, Infinity",
    "TF32, NaN, NaN",
    "BF16, NaN, NaN",
  })
  void roundsToTheNearest(Precision precision, String x, String expected) {
    assertThat(precision.round(Float.parseFloat(x))).isEqualTo(Float.valueOf(expected));
  }

  @ParameterizedTest
  @EnumSource
  void isNotFartherThanHalfAUnitAndStays(Precision precision) {
    int dropped = precision == Precision.TF32 ? 13 : precision == Precision.BF16 ? 16 : 0;
    var random = new Random(3);
    for (int i = 0; i < 10_000; i++) {
      float x = (float) Math.scalb(random.nextGaussian(), random.nextInt(60) - 30);
      float r = precision.round(x);
      assertThat(Math.abs((double) r - x)).isLessThanOrEqualTo(Math.ulp(x) * (1 << dropped) / 2.0);
      assertThat(Float.floatToRawIntBits(r) & (1 << dropped) - 1).isZero();
      assertThat(precision.round(r)).isEqualTo(r);
    }
  }

  @Test
  void hasTheNameItHasInModels() {
    for (Precision p : Precision.values()) {
      assertThat(Precision.of(p.toString())).contains(p);
    }
    assertThat(Precision.of("fp16")).isEmpty();
  }
}
