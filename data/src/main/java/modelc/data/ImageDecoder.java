package modelc.data;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.stream.ImageInputStreamImpl;
import org.jspecify.annotations.Nullable;

/**
 * Decodes PNG, JPEG and BMP files to bytes. Transparency is dropped, 16 bits become the upper 8;
 * colour profiles and a camera's orientation are not applied.
 */
final class ImageDecoder {
  /** Pixels of a picture at most: what a small file claims must not fill the memory. */
  private static final long MAX_PIXELS = 1 << 26;

  /**
   * Where a BMP file has the length of its header, its compression, and the bytes of its pixels.
   */
  private static final int BMP_HEADER = 14;

  private static final int BMP_COMPRESSION = 30;
  private static final int BMP_SIZES = 34;

  /** After none and two of run lengths; what comes next are JPEG and PNG. */
  private static final int BMP_BIT_FIELDS = 3;

  private enum Format {
    PNG,
    JPEG,
    BMP
  }

  /** Readers are costly to make and not for two threads at a time. */
  private static final ThreadLocal<ImageDecoder> OWN = ThreadLocal.withInitial(ImageDecoder::new);

  private final Map<Format, ImageReader> readers = new EnumMap<>(Format.class);
  private @Nullable String damage;

  private ImageDecoder() {}

  /** What is wrong with a file. */
  static final class Undecodable extends Exception {
    private static final long serialVersionUID = 1;

    Undecodable(String why) {
      super(why);
    }

    Undecodable(String why, Throwable cause) {
      super(why, cause);
    }
  }

  /** The picture in {@code file}: one channel if it is gray, else three. */
  static Picture decode(byte[] file) throws Undecodable {
    return OWN.get().picture(file, false);
  }

  /** The numbers in {@code file} as a mask: of a palette the indices, not the colours. */
  static Picture decodeMask(byte[] file) throws Undecodable {
    Picture p = OWN.get().picture(file, true);
    if (p.channels() != 1) {
      throw new Undecodable("it is in colour, where a mask has a number a pixel");
    }
    return p;
  }

  /** The size that the file's header states. */
  static Size size(byte[] file) throws Undecodable {
    ImageDecoder own = OWN.get();
    ImageReader reader = own.reader(format(file));
    try {
      reader.setInput(new Bytes(file), true, true);
      return own.checkedSize(reader);
    } catch (IOException | RuntimeException e) {
      throw broken(e);
    } finally {
      reader.setInput(null);
    }
  }

  private static Format format(byte[] file) throws Undecodable {
    if (starts(file, 0x89, 'P', 'N', 'G')) {
      return Format.PNG;
    }
    if (starts(file, 0xff, 0xd8, 0xff)) {
      return Format.JPEG;
    }
    if (starts(file, 'B', 'M')) {
      return Format.BMP;
    }
    throw new Undecodable(
        file.length == 0 ? "it is empty" : "it is neither a PNG nor a JPEG nor a BMP file");
  }

  private static boolean starts(byte[] file, int... magic) {
    for (int i = 0; i < magic.length; i++) {
      if (i >= file.length || (file[i] & 0xff) != magic[i]) {
        return false;
      }
    }
    return true;
  }

  private ImageReader reader(Format format) {
    return readers.computeIfAbsent(
        format,
        f -> {
          ImageIO.setUseCache(false);
          ImageReader r =
              ImageIO.getImageReadersByFormatName(f.name().toLowerCase(Locale.ROOT)).next();
          r.addIIOReadWarningListener(listener());
          return r;
        });
  }

  /** libjpeg makes up what is missing at the end and only warns: such a picture is damaged. */
  private IIOReadWarningListener listener() {
    return (_, warning) -> {
      if (warning.toLowerCase(Locale.ROOT).contains("premature end")) {
        damage = warning;
      }
    };
  }

  private Size checkedSize(ImageReader reader) throws IOException, Undecodable {
    int width = reader.getWidth(0);
    int height = reader.getHeight(0);
    if (width < 1 || height < 1 || (long) width * height > MAX_PIXELS) {
      throw new Undecodable(
          "it claims " + height + "x" + width + " pixels, beyond the limit of " + MAX_PIXELS);
    }
    return new Size(height, width);
  }

  private Picture picture(byte[] file, boolean mask) throws Undecodable {
    Format format = format(file);
    switch (format) {
      case PNG -> checkChunks(file);
      case BMP -> checkHeader(file);
      case JPEG -> {}
    }
    ImageReader reader = reader(format);
    damage = null;
    try {
      reader.setInput(new Bytes(file), true, true);
      checkedSize(reader);
      BufferedImage image = reader.read(0);
      if (damage != null) {
        throw new Undecodable("it ends early");
      }
      return planar(image, mask);
    } catch (IOException | RuntimeException e) {
      throw broken(e);
    } finally {
      reader.setInput(null);
    }
  }

  private static Undecodable broken(Exception e) {
    String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return new Undecodable("it cannot be decoded (" + why.lines().findFirst().orElse("") + ")", e);
  }

  /** The JDK's reader looks at no checksum: a flipped bit would be another picture. */
  private static void checkChunks(byte[] file) throws Undecodable {
    for (int at = 8; ; ) {
      long length = at + 12 > file.length ? -1 : number(file, at);
      if (length < 0 || at + 12 + length > file.length) {
        throw new Undecodable("it ends early");
      }
      var sum = new CRC32();
      sum.update(file, at + 4, (int) length + 4);
      if (sum.getValue() != number(file, at + 8 + (int) length)) {
        throw new Undecodable("a checksum does not fit");
      }
      boolean end = file[at + 4] == 'I' && file[at + 5] == 'E';
      if (end) {
        return;
      }
      at += 12 + (int) length;
    }
  }

  /**
   * The JDK's reader takes as much memory as a BMP file says that its pixels fill, and reads other
   * formats inside of it.
   */
  private static void checkHeader(byte[] file) throws Undecodable {
    if (file.length < BMP_SIZES + 4) {
      throw new Undecodable("it ends early");
    }
    var header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    if (header.getInt(BMP_HEADER) < BMP_SIZES + 4 - BMP_HEADER) {
      return; // The old form has neither.
    }
    int compression = header.getInt(BMP_COMPRESSION);
    if (compression < 0 || compression > BMP_BIT_FIELDS) {
      throw new Undecodable("it is compressed in a way that is not read: " + compression);
    }
    long bytes = Integer.toUnsignedLong(header.getInt(BMP_SIZES));
    if (bytes > file.length) {
      throw new Undecodable("it claims " + bytes + " bytes of pixels, and has " + file.length);
    }
  }

  private static long number(byte[] file, int at) {
    return (file[at] & 0xffL) << 24
        | (file[at + 1] & 0xff) << 16
        | (file[at + 2] & 0xff) << 8
        | (file[at + 3] & 0xff);
  }

  private static Picture planar(BufferedImage image, boolean mask) {
    int h = image.getHeight();
    int w = image.getWidth();
    Raster raster = image.getRaster();
    if (image.getColorModel() instanceof IndexColorModel palette) {
      int[] indices = raster.getSamples(0, 0, w, h, 0, (int[]) null);
      return mask ? plane(indices, h, w) : colours(indices, palette, h, w);
    }
    int bands = raster.getNumBands();
    int channels = bands < 3 ? 1 : 3;
    var values = new byte[channels * h * w];
    if (raster.getDataBuffer() instanceof DataBufferByte data
        && raster.getSampleModel() instanceof PixelInterleavedSampleModel model
        && raster.getSampleModelTranslateX() == 0
        && raster.getSampleModelTranslateY() == 0) {
      interleaved(data.getData(), data.getOffset(), model, channels, values);
      return new Picture(channels, h, w, values);
    }
    int shift = raster.getTransferType() == DataBuffer.TYPE_USHORT && bands < 5 ? wide(raster) : 0;
    for (int c = 0; c < channels; c++) {
      int[] samples = raster.getSamples(0, 0, w, h, c, (int[]) null);
      int bits = raster.getSampleModel().getSampleSize(c);
      for (int i = 0; i < samples.length; i++) {
        // BMP's 5 bits a channel reach 31, not 255.
        values[c * h * w + i] =
            (byte) (bits < 8 ? samples[i] * 255 / ((1 << bits) - 1) : samples[i] >> shift);
      }
    }
    return new Picture(channels, h, w, values);
  }

  private static int wide(Raster raster) {
    return Math.max(0, raster.getSampleModel().getSampleSize(0) - 8);
  }

  private static void interleaved(
      byte[] data, int offset, PixelInterleavedSampleModel model, int channels, byte[] to) {
    int at = 0;
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < model.getHeight(); y++) {
        int from = offset + model.getBandOffsets()[c] + y * model.getScanlineStride();
        for (int x = 0; x < model.getWidth(); x++) {
          to[at++] = data[from];
          from += model.getPixelStride();
        }
      }
    }
  }

  private static Picture plane(int[] indices, int h, int w) {
    var values = new byte[indices.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (byte) indices[i];
    }
    return new Picture(1, h, w, values);
  }

  /** Gray if the palette is. */
  private static Picture colours(int[] indices, IndexColorModel palette, int h, int w) {
    boolean gray = true;
    for (int i = 0; i < palette.getMapSize(); i++) {
      gray &= palette.getRed(i) == palette.getGreen(i) && palette.getRed(i) == palette.getBlue(i);
    }
    int n = indices.length;
    var values = new byte[gray ? n : 3 * n];
    for (int i = 0; i < n; i++) {
      int rgb = palette.getRGB(indices[i]);
      values[i] = (byte) (rgb >> 16);
      if (!gray) {
        values[n + i] = (byte) (rgb >> 8);
        values[2 * n + i] = (byte) rgb;
      }
    }
    return new Picture(gray ? 1 : 3, h, w, values);
  }

  /** A file in memory, as ImageIO reads it. */
  private static final class Bytes extends ImageInputStreamImpl {
    private final byte[] data;

    Bytes(byte[] data) {
      this.data = data;
    }

    @Override
    public int read() {
      bitOffset = 0;
      return streamPos < data.length ? data[(int) streamPos++] & 0xff : -1;
    }

    @Override
    public int read(byte[] to, int offset, int length) {
      bitOffset = 0;
      int n = (int) Math.min(length, data.length - streamPos);
      if (n <= 0) {
        return length == 0 ? 0 : -1;
      }
      System.arraycopy(data, (int) streamPos, to, offset, n);
      streamPos += n;
      return n;
    }

    @Override
    public long length() {
      return data.length;
    }
  }
}
