package modelc.data;

import java.util.ArrayList;
import java.util.List;
import modelc.data.DigitOutlines.Stroke;
import modelc.data.DigitOutlines.Way;

/**
 * Writes one digit as a hand would, 28 by 28 pixels: an outline, shaken, bent and slanted, drawn
 * with a pen of some thickness, scaled to a box of 20 and centred by its mass. It knows nothing of
 * data sets.
 */
final class DigitPen {
  static final int SIDE = 28;

  /** In MNIST the centre of mass is that of pixel 14. */
  private static final double CENTRE = 14.5;

  private static final int STEPS = 5;
  private static final int GRID = 4;

  private final Draws draws;
  private final List<double[]> lines = new ArrayList<>();
  private final float[] ink = new float[SIDE * SIDE];

  private DigitPen(Draws draws) {
    this.draws = draws;
  }

  /** A picture of {@code digit}, rows from the top, 0 (paper) to 255. */
  static byte[] write(int digit, Draws draws) {
    var pen = new DigitPen(draws);
    pen.outline(DigitOutlines.of(digit));
    pen.bend();
    pen.slant();
    double radius = pen.place();
    pen.draw(radius);
    return pen.picture();
  }

  private void outline(List<Way> ways) {
    double total = 0;
    for (Way w : ways) {
      total += w.weight();
    }
    double at = draws.unit() * total;
    Way chosen = ways.getLast();
    for (Way w : ways) {
      at -= w.weight();
      if (at < 0) {
        chosen = w;
        break;
      }
    }
    double shake = draws.between(0.012, 0.038);
    // Moves the middle of the digit up or down: loops and bellies of unequal size.
    double middle = draws.normal() * 0.24;
    for (Stroke s : chosen.strokes()) {
      int n = s.x().length;
      var x = new double[n];
      var y = new double[n];
      double driftX = draws.normal() * 0.02;
      double driftY = draws.normal() * 0.02;
      for (int i = 0; i < n; i++) {
        x[i] = s.x()[i] + driftX + draws.normal() * shake;
        double v = s.y()[i];
        y[i] = v + middle * v * (1 - v) + driftY + draws.normal() * shake;
      }
      end(x, y, 0, 1);
      end(x, y, n - 1, n - 2);
      curve(x, y, s.corner());
    }
  }

  /** Lets a stroke begin or end a little early or late. */
  private void end(double[] x, double[] y, int tip, int next) {
    double by = draws.between(-0.2, 0.15);
    x[tip] += by * (x[tip] - x[next]);
    y[tip] += by * (y[tip] - y[next]);
  }

  /** Catmull-Rom curves between corners, as pieces of lines. */
  private void curve(double[] x, double[] y, boolean[] corner) {
    int last = x.length - 1;
    var line = new double[2 * (STEPS * last + 1)];
    int at = 0;
    for (int i = 0; i < last; i++) {
      int before = i == 0 || corner[i] ? i : i - 1;
      int after = i + 1 == last || corner[i + 1] ? i + 1 : i + 2;
      for (int k = 0; k < STEPS; k++) {
        double t = (double) k / STEPS;
        line[at++] = spline(x[before], x[i], x[i + 1], x[after], t);
        line[at++] = spline(y[before], y[i], y[i + 1], y[after], t);
      }
    }
    line[at++] = x[last];
    line[at] = y[last];
    lines.add(line);
  }

  private static double spline(double a, double b, double c, double d, double t) {
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
  }

  /**
   * A smooth elastic distortion: a uniform cubic B-spline over a coarse grid of random
   * displacements.
   */
  private void bend() {
    double strength = draws.between(0.03, 0.12);
    var dx = new double[GRID * GRID];
    var dy = new double[GRID * GRID];
    for (int i = 0; i < dx.length; i++) {
      dx[i] = draws.normal() * strength;
      dy[i] = draws.normal() * strength;
    }
    var u = new double[GRID];
    var v = new double[GRID];
    for (double[] line : lines) {
      for (int i = 0; i < line.length; i += 2) {
        weights(line[i], u);
        weights(line[i + 1], v);
        double moveX = 0;
        double moveY = 0;
        for (int r = 0; r < GRID; r++) {
          for (int c = 0; c < GRID; c++) {
            double w = v[r] * u[c];
            moveX += w * dx[r * GRID + c];
            moveY += w * dy[r * GRID + c];
          }
        }
        line[i] += moveX;
        line[i + 1] += moveY;
      }
    }
  }

  /** The four cubic B-spline weights at {@code t} of 0 to 1. */
  private static void weights(double t, double[] w) {
    double s = 1 - t;
    w[0] = s * s * s / 6;
    w[1] = (4 - 6 * t * t + 3 * t * t * t) / 6;
    w[2] = (4 - 6 * s * s + 3 * s * s * s) / 6;
    w[3] = t * t * t / 6;
  }

  private void slant() {
    double angle = draws.normal() * 0.12;
    double cos = StrictMath.cos(angle);
    double sin = StrictMath.sin(angle);
    double width = draws.between(0.65, 1.3);
    double shear = 0.10 + draws.normal() * 0.21;
    for (double[] line : lines) {
      for (int i = 0; i < line.length; i += 2) {
        double y = line[i + 1] - 0.5;
        double x = (line[i] - 0.5) * width - shear * y;
        line[i] = cos * x - sin * y;
        line[i + 1] = sin * x + cos * y;
      }
    }
  }

  /** Brings the lines into pixels; the radius of the pen. */
  private double place() {
    double minX = Double.MAX_VALUE;
    double minY = Double.MAX_VALUE;
    double maxX = -Double.MAX_VALUE;
    double maxY = -Double.MAX_VALUE;
    double length = 0;
    double massX = 0;
    double massY = 0;
    for (double[] line : lines) {
      for (int i = 0; i < line.length; i += 2) {
        minX = Math.min(minX, line[i]);
        maxX = Math.max(maxX, line[i]);
        minY = Math.min(minY, line[i + 1]);
        maxY = Math.max(maxY, line[i + 1]);
        if (i > 0) {
          double dx = line[i] - line[i - 2];
          double dy = line[i + 1] - line[i - 1];
          double l = Math.sqrt(dx * dx + dy * dy);
          length += l;
          massX += l * (line[i] + line[i - 2]) / 2;
          massY += l * (line[i + 1] + line[i - 1]) / 2;
        }
      }
    }
    double radius = draws.between(0.8, 1.5) + Math.max(0, draws.normal() * 0.2);
    double box = 20 + Math.min(1.0, draws.normal() * 1.1);
    double scale = (box - 2 * radius) / Math.max(maxX - minX, maxY - minY);
    double shiftX = CENTRE + draws.normal() * 1.05 - scale * massX / length;
    double shiftY = CENTRE + draws.normal() * 1.05 - scale * massY / length;
    // Never beyond the paper.
    shiftX = clamp(shiftX, radius + 0.5 - scale * minX, SIDE - radius - 0.5 - scale * maxX);
    shiftY = clamp(shiftY, radius + 0.5 - scale * minY, SIDE - radius - 0.5 - scale * maxY);
    for (double[] line : lines) {
      for (int i = 0; i < line.length; i += 2) {
        line[i] = scale * line[i] + shiftX;
        line[i + 1] = scale * line[i + 1] + shiftY;
      }
    }
    return radius;
  }

  private static double clamp(double value, double low, double high) {
    return Math.max(low, Math.min(high, value));
  }

  private void draw(double radius) {
    double soft = draws.between(0.7, 1.3);
    for (double[] line : lines) {
      double pressure = draws.between(-0.25, 0.25);
      double segments = line.length / 2.0 - 1;
      for (int i = 2; i < line.length; i += 2) {
        double r = radius * (1 + pressure * (2 * (i / 2.0 - 0.5) / segments - 1));
        segment(line[i - 2], line[i - 1], line[i], line[i + 1], r, soft);
      }
    }
  }

  /** Inks the pixels within {@code r} of a line, fading over {@code soft} pixels. */
  private void segment(double ax, double ay, double bx, double by, double r, double soft) {
    double reach = r + soft / 2;
    int left = Math.max(0, (int) (Math.min(ax, bx) - reach - 0.5));
    int right = Math.min(SIDE - 1, (int) (Math.max(ax, bx) + reach + 0.5));
    int top = Math.max(0, (int) (Math.min(ay, by) - reach - 0.5));
    int bottom = Math.min(SIDE - 1, (int) (Math.max(ay, by) + reach + 0.5));
    double dx = bx - ax;
    double dy = by - ay;
    double inverse = 1 / Math.max(1e-12, dx * dx + dy * dy);
    for (int row = top; row <= bottom; row++) {
      double py = row + 0.5 - ay;
      for (int column = left; column <= right; column++) {
        double px = column + 0.5 - ax;
        double t = clamp((px * dx + py * dy) * inverse, 0, 1);
        double ex = px - t * dx;
        double ey = py - t * dy;
        double squared = ex * ex + ey * ey;
        if (squared < reach * reach) {
          float cover = (float) Math.min(1, (reach - Math.sqrt(squared)) / soft);
          int at = row * SIDE + column;
          ink[at] = Math.max(ink[at], cover);
        }
      }
    }
  }

  private byte[] picture() {
    double black = draws.between(0.9, 1.5);
    double noise = draws.between(0, 0.07);
    double dust = draws.chance(0.1) ? draws.between(0, 0.06) : 0;
    var bytes = new byte[ink.length];
    for (int i = 0; i < bytes.length; i++) {
      double v = ink[i];
      if (v > 0) {
        v = v * black * (1 + noise * draws.normal());
      }
      if (dust > 0) {
        v += Math.abs(draws.normal()) * dust;
      }
      bytes[i] = (byte) (clamp(v, 0, 1) * 255 + 0.5);
    }
    return bytes;
  }
}
