package modelc.cli.picture;

import java.awt.AlphaComposite;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.Image;
import java.awt.RenderingHints;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import javax.imageio.ImageIO;
import modelc.data.Picture;

/**
 * Draws on pictures: classes of pixels as colours, boxes, a line of text; and writes PNG. Needs no
 * display.
 */
public final class Paint {
  /** How much of a mask's colour covers the picture. */
  private static final float COVER = 0.5f;

  /** Colours of the first classes, told apart also by the colour-blind; later ones go on around. */
  private static final int[] COLOURS = {
    0xe6550d, 0x3182bd, 0x31a354, 0xd0a000, 0x9467bd, 0x17becf, 0xe377c2, 0x8c564b
  };

  private Paint() {}

  static {
    System.setProperty("java.awt.headless", "true");
    ImageIO.setUseCache(false);
  }

  /** The colour of a class of pixels; 0 is the background, which is not painted. */
  static Color colour(int c) {
    return c <= COLOURS.length
        ? new Color(COLOURS[Math.max(0, c - 1)])
        : Color.getHSBColor(c * 0.618034f % 1, 0.55f + c % 3 * 0.15f, 0.85f);
  }

  public static BufferedImage image(Picture p) {
    return image(
        p.channels(), p.height(), p.width(), p.values(), (values, at) -> values[at] & 0xff);
  }

  /** Shades from 0 to 1; what is beyond is cut off. */
  public static BufferedImage image(Plane p) {
    return image(
        p.channels(),
        p.height(),
        p.width(),
        p.values(),
        (values, at) -> Math.clamp(Math.round(values[at] * 255), 0, 255));
  }

  private interface Shade<A> {
    int of(A values, int at);
  }

  private static <A> BufferedImage image(
      int channels, int height, int width, A values, Shade<A> shade) {
    var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    int n = height * width;
    boolean coloured = channels >= 3;
    for (int i = 0; i < n; i++) {
      int red = shade.of(values, i);
      int green = coloured ? shade.of(values, n + i) : red;
      int blue = coloured ? shade.of(values, 2 * n + i) : red;
      image.setRGB(i % width, i / width, red << 16 | green << 8 | blue);
    }
    return image;
  }

  /** {@code image} with the colours of {@code classes}, stretched to it, over it. */
  public static BufferedImage masked(BufferedImage image, Plane classes) {
    var layer = new BufferedImage(classes.width(), classes.height(), BufferedImage.TYPE_INT_ARGB);
    for (int y = 0; y < classes.height(); y++) {
      for (int x = 0; x < classes.width(); x++) {
        int c = (int) classes.at(0, y, x);
        if (c > 0) {
          layer.setRGB(x, y, colour(c).getRGB());
        }
      }
    }
    BufferedImage made = copy(image);
    Graphics2D g = made.createGraphics();
    g.setComposite(AlphaComposite.getInstance(AlphaComposite.SRC_OVER, COVER));
    g.drawImage(layer, 0, 0, made.getWidth(), made.getHeight(), null);
    g.dispose();
    return made;
  }

  /** The classes themselves as a picture with a palette: a pixel's value is its class. */
  public static BufferedImage labels(Plane classes) {
    var r = new byte[256];
    var g = new byte[256];
    var b = new byte[256];
    for (int c = 1; c < 256; c++) {
      Color colour = colour(c);
      r[c] = (byte) colour.getRed();
      g[c] = (byte) colour.getGreen();
      b[c] = (byte) colour.getBlue();
    }
    var image =
        new BufferedImage(
            classes.width(),
            classes.height(),
            BufferedImage.TYPE_BYTE_INDEXED,
            new IndexColorModel(8, 256, r, g, b));
    for (int y = 0; y < classes.height(); y++) {
      for (int x = 0; x < classes.width(); x++) {
        image.getRaster().setSample(x, y, 0, (int) classes.at(0, y, x));
      }
    }
    return image;
  }

  /**
   * {@code image} with a box on it.
   *
   * @param box centre x, y, width, height in shares of the picture
   */
  public static BufferedImage boxed(BufferedImage image, float[] box) {
    BufferedImage made = copy(image);
    Graphics2D g = smooth(made);
    double w = made.getWidth();
    double h = made.getHeight();
    float line = Math.max(1.5f, (float) Math.min(w, h) / 100);
    var shape =
        new Rectangle2D.Double(
            (box[0] - box[2] / 2) * w, (box[1] - box[3] / 2) * h, box[2] * w, box[3] * h);
    g.setStroke(new BasicStroke(line + 2));
    g.setColor(new Color(0, 0, 0, 140));
    g.draw(shape);
    g.setStroke(new BasicStroke(line));
    g.setColor(colour(1));
    g.draw(shape);
    g.dispose();
    return made;
  }

  /**
   * {@code image}, enlarged if it is too small for words, with a line of text below.
   *
   * @throws FontsMissingException if this machine has no fonts
   */
  public static BufferedImage captioned(BufferedImage image, String text) {
    int times = Math.max(1, Math.ceilDiv(160, Math.max(image.getWidth(), image.getHeight())));
    int width = image.getWidth() * times;
    int height = image.getHeight() * times;
    try {
      var font = new Font(Font.SANS_SERIF, Font.PLAIN, Math.clamp(width / 16, 13, 40));
      Graphics2D measure = smooth(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB));
      FontMetrics metrics = measure.getFontMetrics(font);
      measure.dispose();
      int line = metrics.getHeight() + 6;
      var made = new BufferedImage(width, height + line, BufferedImage.TYPE_INT_RGB);
      Graphics2D g = smooth(made);
      g.setColor(new Color(0x222222));
      g.fillRect(0, 0, width, height + line);
      g.drawImage(image, 0, 0, width, height, null);
      g.setFont(font);
      g.setColor(Color.WHITE);
      g.drawString(fitting(text, metrics, width - 8), 4, height + 3 + metrics.getAscent());
      g.dispose();
      return made;
    } catch (RuntimeException | LinkageError | InternalError e) {
      throw new FontsMissingException(e);
    }
  }

  /** Java draws text with the system's fonts, of which a small server may have none. */
  public static final class FontsMissingException extends RuntimeException {
    private static final long serialVersionUID = 1;

    FontsMissingException(Throwable cause) {
      super("text cannot be drawn: " + cause, cause);
    }
  }

  /** {@code text}, cut where it is too wide. */
  private static String fitting(String text, FontMetrics metrics, int width) {
    if (metrics.stringWidth(text) <= width) {
      return text;
    }
    int n = text.length();
    while (n > 0 && metrics.stringWidth(text.substring(0, n) + "…") > width) {
      n--;
    }
    return text.substring(0, n) + "…";
  }

  private static Graphics2D smooth(BufferedImage image) {
    Graphics2D g = image.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    return g;
  }

  private static BufferedImage copy(BufferedImage image) {
    var made = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
    Graphics2D g = made.createGraphics();
    g.drawImage(image, 0, 0, null);
    g.dispose();
    return made;
  }

  /** {@code image} with no side longer than {@code side}. */
  public static BufferedImage within(BufferedImage image, int side) {
    double scale = (double) side / Math.max(image.getWidth(), image.getHeight());
    if (scale >= 1) {
      return image;
    }
    int w = Math.max(1, (int) Math.round(image.getWidth() * scale));
    int h = Math.max(1, (int) Math.round(image.getHeight() * scale));
    var made = new BufferedImage(w, h, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = made.createGraphics();
    g.drawImage(image.getScaledInstance(w, h, Image.SCALE_AREA_AVERAGING), 0, 0, null);
    g.dispose();
    return made;
  }

  public static byte[] png(BufferedImage image) {
    var bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** The image inside an address, as a page without files beside it has it. */
  public static String dataAddress(BufferedImage image) {
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(png(image));
  }
}
