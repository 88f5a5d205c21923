package modelc.cli.picture;

import java.util.Optional;
import java.util.SequencedMap;

/**
 * What a model says of one example, in a reader's terms; each part where the model gives it.
 *
 * @param shares of each class, with sum 1
 * @param mask shares of each class for every pixel; one channel: of yes
 * @param box centre x, y, width, height in shares of the picture
 * @param picture what it makes of the picture
 * @param numbers the outputs that are none of these, by name
 */
public record Answer(
    Optional<float[]> shares,
    Optional<Plane> mask,
    Optional<float[]> box,
    Optional<Plane> picture,
    SequencedMap<String, float[]> numbers) {

  /** The likeliest of some classes. */
  public static int likeliest(float[] shares) {
    int best = 0;
    for (int c = 1; c < shares.length; c++) {
      best = shares[c] > shares[best] ? c : best;
    }
    return best;
  }
}
