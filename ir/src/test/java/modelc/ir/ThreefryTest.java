package modelc.ir;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against the known answers published with the paper's library (threefry2x32, 20 rounds). */
class ThreefryTest {
  @ParameterizedTest
  @CsvSource({
    "00000000, 00000000, 00000000, 00000000, 6b200159, 99ba4efe",
    "ffffffff, ffffffff, ffffffff, ffffffff, 1cb996fc, bb002be7",
    "13198a2e, 03707344, 243f6a88, 85a308d3, c4923a9c, 483df7a0"
  })
  void knownAnswers(
      String key0, String key1, String counter0, String counter1, String word0, String word1) {
    long block = Threefry.block(hex(key0), hex(key1), hex(counter0), hex(counter1));
    assertThat((int) block).isEqualTo(hex(word0));
    assertThat((int) (block >>> 32)).isEqualTo(hex(word1));
  }

  @ParameterizedTest
  @CsvSource({"0", "1", "4294967295", "4294967296", "-1"})
  void anElementIsWordZeroAtItsCounter(long index) {
    assertThat(Threefry.bits(7, 9, index))
        .isEqualTo((int) Threefry.block(7, 9, (int) index, (int) (index >>> 32)));
  }

  private static int hex(String text) {
    return Integer.parseUnsignedInt(text, 16);
  }
}
