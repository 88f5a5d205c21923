package modelc.cli.picture;

/**
 * Numbers in channels, rows and columns: a picture's shades from 0 to 1, or what a model says of
 * each pixel.
 *
 * @param values channel by channel, each row by row
 */
@SuppressWarnings("ArrayRecordComponent") // made and read by drawing alone
public record Plane(int channels, int height, int width, float[] values) {
  public Plane {
    if (values.length != channels * height * width) {
      throw new IllegalArgumentException(values.length + " values");
    }
  }

  public float at(int channel, int y, int x) {
    return values[(channel * height + y) * width + x];
  }

  /**
   * The class of each pixel: the likeliest of the channels; of a single one, 1 from one half on.
   */
  public Plane classes() {
    int n = height * width;
    var best = new float[n];
    for (int i = 0; i < n; i++) {
      if (channels == 1) {
        best[i] = values[i] >= 0.5f ? 1 : 0;
        continue;
      }
      int likeliest = 0;
      for (int c = 1; c < channels; c++) {
        likeliest = values[c * n + i] > values[likeliest * n + i] ? c : likeliest;
      }
      best[i] = likeliest;
    }
    return new Plane(1, height, width, best);
  }
}
