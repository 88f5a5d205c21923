package modelc.ptx;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import org.junit.jupiter.api.Test;

/** Sums and differences of wide integers, word by word. */
class CarryTest {
  private static final BigInteger WORD = BigInteger.ONE.shiftLeft(64);

  private static final long[] WORDS = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 12345678901L};

  /** Both words of what {@code first} and {@code second} make of two numbers of 128 bits. */
  private static long[] run(String first, String second, long... operands) {
    var memory = new DeviceMemory();
    DeviceBuffer in = memory.allocate("in", 32);
    in.write(operands);
    DeviceBuffer out = memory.allocate("out", 16);
    String body =
        """
        .reg .u64 %rd<9>;
        ld.param.u64 %rd1, [in];
        ld.param.u64 %rd2, [out];
        ld.global.u64 %rd3, [%rd1];
        ld.global.u64 %rd4, [%rd1+8];
        ld.global.u64 %rd5, [%rd1+16];
        ld.global.u64 %rd6, [%rd1+24];
        FIRST %rd7, %rd3, %rd5;
        SECOND %rd8, %rd4, %rd6;
        st.global.u64 [%rd2], %rd7;
        st.global.u64 [%rd2+8], %rd8;
        """
            .replace("FIRST", first)
            .replace("SECOND", second);
    Ptx.run(Ptx.kernel(".param .u64 in, .param .u64 out", body), memory, 1, in, out);
    return out.toLongs();
  }

  private static BigInteger wide(long low, long high) {
    return new BigInteger(Long.toUnsignedString(high))
        .multiply(WORD)
        .add(new BigInteger(Long.toUnsignedString(low)));
  }

  @Test
  void carriesGoIntoTheNextWord() {
    for (long x : WORDS) {
      for (long y : WORDS) {
        BigInteger sum = wide(x, y).add(wide(y, x));
        assertThat(run("add.cc.u64", "addc.u64", x, y, y, x))
            .containsExactly(sum.longValue(), sum.shiftRight(64).longValue());
      }
    }
  }

  @Test
  void borrowsAreTakenFromTheNextWord() {
    for (long x : WORDS) {
      for (long y : WORDS) {
        BigInteger difference = wide(x, y).subtract(wide(y, x));
        assertThat(run("sub.cc.u64", "subc.cc.u64", x, y, y, x))
            .containsExactly(difference.longValue(), difference.shiftRight(64).longValue());
      }
    }
  }

  @Test
  void predicatesTakeConstants() {
    var memory = new DeviceMemory();
    DeviceBuffer out = memory.allocate("out", 8);
    String body =
        """
        .reg .u64 %rd<2>;
        .reg .u32 %r<3>;
        .reg .pred %p<3>;
        ld.param.u64 %rd1, [out];
        mov.pred %p1, -1;
        mov.pred %p2, 0;
        selp.u32 %r1, 1, 2, %p1;
        selp.u32 %r2, 1, 2, %p2;
        st.global.u32 [%rd1], %r1;
        st.global.u32 [%rd1+4], %r2;
        """;
    Ptx.run(Ptx.kernel(".param .u64 out", body), memory, 1, out);
    assertThat(out.toInts()).containsExactly(1, 2);
  }
}
