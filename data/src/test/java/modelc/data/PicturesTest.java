package modelc.data;

import static modelc.data.ImageFolderTest.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PicturesTest {
  @TempDir Path folder;

  private static Picture gray(int height, int width) {
    var values = new byte[height * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = (byte) (i * 37);
    }
    return new Picture(1, height, width, values);
  }

  private static void shadesAre(Picture p, int... expected) {
    assertThat(p.values()).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat(p.values()[i] & 0xff).as("value %d", i).isEqualTo(expected[i]);
    }
  }

  /** Pillow 12, {@code resize(..., BILINEAR)}. */
  @Test
  void resizingIsPillows() {
    Picture p = gray(5, 7);
    assertThat(Resampling.smooth(p, new Size(5, 7))).isSameAs(p);
    shadesAre(Resampling.smooth(p, new Size(2, 3)), 35, 114, 193, 41, 120, 199);
    shadesAre(
        Resampling.smooth(p, new Size(9, 10)),
        0,
        20,
        46,
        72,
        98,
        124,
        150,
        176,
        202,
        222,
        1,
        21,
        47,
        73,
        99,
        125,
        151,
        177,
        203,
        223, //
        3,
        23,
        49,
        75,
        101,
        127,
        153,
        179,
        205,
        225,
        4,
        24,
        50,
        76,
        102,
        128,
        154,
        180,
        206,
        226, //
        6,
        26,
        52,
        78,
        104,
        130,
        156,
        182,
        208,
        228,
        8,
        28,
        54,
        80,
        106,
        132,
        158,
        184,
        210,
        230, //
        9,
        29,
        55,
        81,
        107,
        133,
        159,
        185,
        211,
        231,
        11,
        31,
        57,
        83,
        109,
        135,
        161,
        187,
        213,
        233,
        12,
        32,
        58,
        84,
        110,
        136,
        162,
        188,
        214,
        234);
  }

  @Test
  void nearestInventsNoValue() {
    shadesAre(
        Resampling.nearest(new Picture(1, 2, 2, new byte[] {1, 2, 3, 4}), new Size(3, 4)),
        1,
        1,
        2,
        2,
        3,
        3,
        4,
        4,
        3,
        3,
        4,
        4);
  }

  @Test
  void bordersMirrorAndRepeat() {
    Picture row = new Picture(1, 1, 3, new byte[] {1, 2, 3});
    assertThat(java.util.Arrays.copyOf(row.pad(2, Border.EDGE).values(), 7))
        .containsExactly(1, 1, 1, 2, 3, 3, 3);
    assertThat(java.util.Arrays.copyOf(row.pad(2, Border.REFLECT).values(), 7))
        .containsExactly(3, 2, 1, 2, 3, 2, 1);
    int[] at = new int[9];
    for (int i = 0; i < 9; i++) {
      at[i] = Border.REFLECT.inside(i - 4, 2);
    }
    assertThat(at).containsExactly(0, 1, 0, 1, 0, 1, 0, 1, 0);
  }

  @Test
  void everyKindOfFileIsDecoded() throws Exception {
    var wide = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
    wide.getRaster().setSample(0, 0, 0, 0x1234);
    wide.getRaster().setSample(1, 0, 0, 0xfedc);
    shadesAre(ImageDecoder.decode(TestImages.encode(wide, "png")), 0x12, 0xfe);
    var gray = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_GRAY);
    gray.getRaster().setSample(0, 0, 0, 100);
    gray.getRaster().setSample(1, 0, 0, 200);
    shadesAre(ImageDecoder.decode(TestImages.encode(gray, "png")), 100, 200);
    assertThat(ImageDecoder.decode(TestImages.encode(gray, "jpg")).channels()).isEqualTo(1);
    var clear = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB);
    clear.setRGB(0, 0, 0x80102030);
    shadesAre(ImageDecoder.decode(TestImages.encode(clear, "png")), 0x10, 0x20, 0x30);
    byte[] r = new byte[256];
    byte[] g = new byte[256];
    byte[] b = new byte[256];
    r[1] = 10;
    g[1] = 20;
    b[1] = 30;
    var palette =
        new BufferedImage(
            2, 1, BufferedImage.TYPE_BYTE_INDEXED, new IndexColorModel(8, 256, r, g, b));
    palette.getRaster().setSample(1, 0, 0, 1);
    byte[] file = TestImages.encode(palette, "png");
    shadesAre(ImageDecoder.decode(file), 0, 10, 0, 20, 0, 30);
    shadesAre(ImageDecoder.decodeMask(file), 0, 1);
    shadesAre(ImageDecoder.decode(TestImages.encode(palette, "bmp")), 0, 10, 0, 20, 0, 30);
    var bits = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY);
    bits.getRaster().setSample(1, 0, 0, 1);
    shadesAre(ImageDecoder.decode(TestImages.encode(bits, "png")), 0, 255);
    shadesAre(ImageDecoder.decodeMask(TestImages.encode(bits, "png")), 0, 1);
    var five = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_555_RGB);
    five.setRGB(0, 0, 0xff00ff);
    shadesAre(ImageDecoder.decode(TestImages.encode(five, "bmp")), 255, 0, 255);
    assertThat(ImageDecoder.size(TestImages.png(3, 5, 1))).isEqualTo(new Size(3, 5));
  }

  @Test
  void aBitmapTakesNoMoreMemoryThanItHas() throws Exception {
    byte[] file = TestImages.encode(TestImages.rgb(4, 4, 30), "bmp");
    var header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(34, 1 << 30);
    undecodable(file, "it claims 1073741824 bytes of pixels, and has " + file.length);
    header.putInt(30, 4); // a JPEG inside
    undecodable(file, "compressed in a way that is not read: 4");
    undecodable(Arrays.copyOf(file, 20), "it ends early");
  }

  private static void undecodable(byte[] file, String why) {
    assertThatThrownBy(() -> ImageDecoder.decode(file))
        .isInstanceOf(ImageDecoder.Undecodable.class)
        .hasMessageContaining(why);
  }

  @Test
  void tilesCoverThePictureAndCropsStayInside() {
    Pictures one = new Digits(1, 0, 3);
    Pictures tiles =
        new Transform.Tiles(new Size(12, 28)).apply(one, Optional.of(new Size(28, 28)), 1);
    assertThat(tiles.count()).isEqualTo(9);
    Picture whole = one.read(1, 0).image();
    for (int t = 0; t < 3; t++) {
      Picture tile = tiles.read(3 + t, 0).image();
      assertThat(tile.values()).isEqualTo(whole.crop(8 * t, 0, new Size(12, 28)).values());
      assertThat(tiles.label(3 + t)).isEqualTo(1);
    }
    Pictures anywhere = new Transform.Crop(new Size(20, 20), true).apply(one, Optional.empty(), 7);
    assertThat(anywhere.read(0, 0).image().values())
        .isEqualTo(one.read(0, 0).image().crop(4, 4, new Size(20, 20)).values());
    var seen = new java.util.HashSet<String>();
    for (int epoch = 1; epoch <= 40; epoch++) {
      String crop = java.util.HexFormat.of().formatHex(anywhere.read(0, epoch).image().values());
      seen.add(crop);
      assertThat(java.util.HexFormat.of().formatHex(anywhere.read(0, epoch).image().values()))
          .isEqualTo(crop);
    }
    assertThat(seen).hasSizeGreaterThan(20);
  }

  /** Tiles of one picture never stand on both sides of a split. */
  @Test
  void splitsSeparateWholePictures() {
    var request =
        new Request(
            new Step("digits", List.of(20L), Map.of()),
            List.of(new Step("tiles", List.of(14L), Map.of())),
            List.of(),
            folder,
            1);
    DataSet.Split split = Data.open(request).train().split(0.25, 3);
    assertThat(split.validation().size()).isEqualTo(20);
    assertThat(split.train().size()).isEqualTo(60);
    DataSet.Split whole =
        Data.open(Request.of("digits", List.of(20L), Map.of(), folder)).train().split(0.25, 3);
    for (int i = 0; i < 5; i++) {
      float[] digit = Samples.floats(whole.validation(), i);
      float[] corner = Samples.floats(split.validation(), 4L * i);
      for (int y = 0; y < 14; y++) {
        for (int x = 0; x < 14; x++) {
          assertThat(corner[y * 14 + x]).isEqualTo(digit[y * 28 + x]);
        }
      }
    }
  }

  // CIFAR-10.

  private static byte[] batch(int records, int label) {
    var bytes = new byte[records * 3073];
    for (int r = 0; r < records; r++) {
      for (int i = 0; i < 3072; i++) {
        bytes[r * 3073 + 1 + i] = (byte) (r * 5 + i);
      }
      bytes[r * 3073] = (byte) (label + r);
    }
    return bytes;
  }

  @Test
  void cifarsBinaryFilesAreRead() throws IOException {
    for (int b = 1; b <= 5; b++) {
      Files.write(folder.resolve("data_batch_" + b + ".bin"), batch(b, b));
    }
    DataSets without = Data.open(Request.of("cifar10", List.of("."), Map.of(), folder));
    assertThat(without.test()).isEmpty();
    Files.write(folder.resolve("test_batch.bin"), batch(2, 8));
    DataSets sets = Data.open(Request.of("cifar10", List.of("."), Map.of(), folder));
    DataSet train = sets.train();
    assertThat(train.size()).isEqualTo(15);
    assertThat(train.columns().toString()).isEqualTo("[image: f32[3,32,32], label: i32[]]");
    assertThat(train.classNames()).hasSize(10).startsWith("airplane");
    assertThat(Samples.label(train, 3)).isEqualTo(3); // the third file's first
    assertThat(Samples.floats(train, 4)[9]).isEqualTo(14 / 255f);
    assertThat(sets.test().orElseThrow().size()).isEqualTo(2);
    assertThat(
            Data.open(Request.of("cifar10", List.of(".", "test"), Map.of(), folder)).train().size())
        .isEqualTo(2);
  }

  @Test
  void damagedCifarIsRefused() throws IOException {
    var request = Request.of("cifar10", List.of("."), Map.of("split", "test"), folder);
    refused("D0601", "has no test_batch.bin", () -> Data.open(request));
    Path file = folder.resolve("test_batch.bin");
    Files.createDirectory(file);
    refused("D0602", "check that you may read it", () -> Data.open(request));
    Files.delete(file);
    for (int bytes : List.of(0, 3072, 3074)) {
      Files.write(file, new byte[bytes]);
      refused("D0603", bytes + " bytes are not some records", () -> Data.open(request));
    }
    Files.write(file, batch(3, 8));
    refused("D0603", "label of record 2 is 10", () -> Data.open(request));
    refused(
        "D0205",
        "cifar10 has no split",
        () -> Data.columns(Request.of("cifar10", List.of(".", "val"), Map.of(), folder)));
  }
}
