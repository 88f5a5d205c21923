package modelc.cli.picture;

import java.util.Arrays;
import java.util.List;
import modelc.data.Frame;

/**
 * The classes of a file's pixels from those of the parts the model saw: where parts overlap, the
 * one counts in which the pixel lies farthest from the edge, for there the model saw most around
 * it. What no part shows is background.
 */
public final class Stitching {
  /**
   * What the model said of a part.
   *
   * @param frame of what it saw
   * @param seenHeight pixels that it saw; a smaller mask that does not divide them lies in their
   *     middle, as after convolutions without padding
   */
  public record Said(Plane classes, Frame frame, int seenHeight, int seenWidth) {
    /** Which rectangle of the file's picture the mask is of. */
    Frame covered() {
      int h = classes.height();
      int w = classes.width();
      if (seenHeight % h == 0 && seenWidth % w == 0) {
        return frame;
      }
      double down = frame.height() / seenHeight;
      double across = frame.width() / seenWidth;
      return new Frame(
          frame.top() + (seenHeight - h) / 2.0 * down,
          frame.left() + (seenWidth - w) / 2.0 * across,
          h * down,
          w * across);
    }
  }

  private Stitching() {}

  /** The classes of a picture of that size. */
  public static Plane whole(List<Said> parts, int height, int width) {
    var classes = new float[height * width];
    var inside = new double[height * width];
    Arrays.fill(inside, -1);
    for (Said s : parts) {
      Frame f = s.covered();
      Plane mask = s.classes;
      int bottom = (int) Math.min(height, Math.round(f.top() + f.height()));
      int right = (int) Math.min(width, Math.round(f.left() + f.width()));
      for (int y = (int) Math.max(0, Math.round(f.top())); y < bottom; y++) {
        double down = y + 0.5 - f.top();
        int fromY = place(down, f.height(), mask.height());
        for (int x = (int) Math.max(0, Math.round(f.left())); x < right; x++) {
          double across = x + 0.5 - f.left();
          double edge =
              Math.min(Math.min(down, f.height() - down), Math.min(across, f.width() - across));
          if (edge > inside[y * width + x]) {
            inside[y * width + x] = edge;
            classes[y * width + x] = mask.at(0, fromY, place(across, f.width(), mask.width()));
          }
        }
      }
    }
    return new Plane(1, height, width, classes);
  }

  private static int place(double offset, double span, int pixels) {
    return Math.clamp((int) (offset / span * pixels), 0, pixels - 1);
  }
}
