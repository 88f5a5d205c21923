package modelc.passes.contraction;

import modelc.ir.Dim;

/**
 * The sizes of a channels-last convolution whose input is padded already: {@code y[n][oh][ow][k] =
 * sum over c, r, s of x[n][oh*strideH + r*dilationH][ow*strideW + s*dilationW][c] * w[k][c][r][s]}.
 *
 * <p>Padding is the caller's business: every tap is within the input. For an input gradient {@code
 * h} and {@code w} are the sizes of the gradient to write.
 *
 * @param n images
 * @param c input channels of one group; {@code x} has {@code groups * c}
 * @param k output channels of all groups together
 * @param r taps along the height
 * @param s taps along the width
 * @param reversal taps are read backwards: {@code w[k][c][R-1-r][S-1-s]} in the sum above
 */
public record ConvShape(
    Dim n,
    long c,
    long h,
    long w,
    long k,
    long r,
    long s,
    long strideH,
    long strideW,
    long dilationH,
    long dilationW,
    long groups,
    boolean reversal,
    long oh,
    long ow) {

  /** Input channels of all groups. */
  public long channels() {
    return c * groups;
  }

  /** Output channels of one group. */
  public long groupOutputs() {
    return k / groups;
  }
}
