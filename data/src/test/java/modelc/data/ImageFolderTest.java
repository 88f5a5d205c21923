package modelc.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import modelc.runtime.Column;
import modelc.runtime.DataException;
import modelc.runtime.ElementType;
import modelc.runtime.ModelcException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {
  @TempDir Path folder;

  private static final List<Column> GRAY =
      List.of(new Column("image", ElementType.F32, List.of(1L, 4L, 4L)));

  static void refused(String code, String words, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ModelcException.class,
            e -> {
              assertThat(e.code()).isEqualTo(code);
              assertThat(e.getMessage() + "\n" + e.cure()).contains(words);
              assertThat(e.cure()).isNotBlank();
            });
  }

  private void put(String path, byte[] bytes) throws IOException {
    Path file = folder.resolve(path);
    Files.createDirectories(file.getParent());
    Files.write(file, bytes);
  }

  private static Step step(String name, List<Object> arguments, Map<String, Object> named) {
    return new Step(name, arguments, named);
  }

  private Request request(Map<String, Object> named, Step... transforms) {
    return new Request(
        step("image_folder", List.of("set"), named), List.of(transforms), List.of(), folder, 1);
  }

  private DataSets open(Map<String, Object> named, Step... transforms) {
    return Data.open(request(named, transforms));
  }

  private static Step resize(Object size) {
    return step("resize", List.of(size), Map.of());
  }

  private void zip() throws IOException {
    Path tree = folder.resolve("set");
    try (OutputStream out = Files.newOutputStream(folder.resolve("set.zip"));
        var zip = new ZipOutputStream(out);
        var all = Files.walk(tree)) {
      for (Path p : all.filter(Files::isRegularFile).sorted().toList()) {
        zip.putNextEntry(new ZipEntry("root/" + tree.relativize(p).toString().replace('\\', '/')));
        zip.write(Files.readAllBytes(p));
      }
    }
  }

  @BeforeEach
  void aSmallTree() throws IOException {
    for (String split : List.of("train", "test")) {
      put("set/" + split + "/cat/a.png", TestImages.png(4, 4, 10));
      put("set/" + split + "/cat/b.PNG", TestImages.png(4, 4, 20));
      put("set/" + split + "/dog/c.bmp", TestImages.encode(TestImages.rgb(4, 4, 30), "bmp"));
    }
  }

  @Test
  void aTreeHasABound() {
    FileTree.checkCount(folder, FileTree.MAX_FILES);
    refused("D0404", "split it", () -> FileTree.checkCount(folder, FileTree.MAX_FILES + 1));
  }

  @Test
  void aTreeOfSplitsAndClassesIsRead() throws IOException {
    put("set/train/cat/.hidden.png", new byte[1]);
    put("set/train/cat/readme.txt", new byte[1]);
    DataSets sets = open(Map.of());
    DataSet train = sets.train();
    assertThat(train.columns().toString()).isEqualTo("[image: f32[3,4,4], label: i32[]]");
    assertThat(Data.columns(request(Map.of()))).isEqualTo(train.columns());
    assertThat(train.classNames()).containsExactly("cat", "dog");
    assertThat(train.size()).isEqualTo(3);
    assertThat(sets.test().orElseThrow().size()).isEqualTo(3);
    assertThat(IntStream.range(0, 3).map(i -> Samples.label(train, i))).containsExactly(0, 0, 1);
    assertThat(train.label(2)).isEqualTo(1);
    assertThat(sets.notes()).singleElement().asString().contains("1 file", "train/cat/readme.txt");
    assertThat(Samples.floats(train, 2)).isEqualTo(TestImages.floats(4, 4, 30));
    assertThat(open(Map.of("split", "test")).test()).isEmpty();
  }

  @Test
  void aZipFileIsReadInPlaceByManyThreads() throws Exception {
    zip();
    DataSet plain = open(Map.of()).train();
    var request =
        new Request(
            step("image_folder", List.of("set.zip"), Map.of("cache", 0L)),
            List.of(),
            List.of(),
            folder,
            1);
    DataSet zipped = Data.open(request).train();
    assertThat(zipped.classNames()).isEqualTo(plain.classNames());
    var tasks = new java.util.ArrayList<Callable<float[]>>();
    for (int t = 0; t < 60; t++) {
      int i = t % 3;
      tasks.add(() -> Samples.floats(zipped, i));
    }
    try (var pool = Executors.newFixedThreadPool(4)) {
      var all = pool.invokeAll(tasks);
      for (int t = 0; t < 60; t++) {
        assertThat(all.get(t).get()).isEqualTo(Samples.floats(plain, t % 3));
      }
    }
  }

  @Test
  void classesThatAreNumbersCountAsNumbers() throws IOException {
    for (String c : List.of("10", "9", "1")) {
      put("numbers/" + c + "/x.png", TestImages.png(4, 4, 1));
    }
    var request = Request.of("image_folder", List.of("numbers"), Map.of(), folder);
    assertThat(Data.open(request).train().classNames()).containsExactly("1", "9", "10");
  }

  @Test
  void picturesComeInGrayWhereTheModelWantsGray() {
    var request =
        new Request(step("image_folder", List.of("set"), Map.of()), List.of(), GRAY, folder, 1);
    DataSet gray = Data.open(request).train();
    assertThat(gray.columns().toString()).isEqualTo("[image: f32[1,4,4], label: i32[]]");
    float[] rgb = TestImages.floats(4, 4, 10);
    float[] g = Samples.floats(gray, 0);
    for (int i = 0; i < 16; i++) {
      double luma = 0.299 * rgb[i] + 0.587 * rgb[16 + i] + 0.114 * rgb[32 + i];
      assertThat((double) g[i]).isCloseTo(luma, within(0.6 / 255));
    }
  }

  @Test
  void sizesThatDifferAreRefusedOrResized() throws IOException {
    put("set/train/dog/d.png", TestImages.png(6, 8, 40));
    DataSet mixed = open(Map.of()).train();
    refused("D0411", "d.png is 6x8 pixels, not 4x4", () -> Samples.floats(mixed, 3));
    refused("D0411", "-> resize(4)", () -> Samples.floats(mixed, 3));
    DataSet stated = open(Map.of("size", List.of(6L, 8L))).train();
    assertThat(stated.columns().toString()).contains("f32[3,6,8]");
    refused("D0411", "a.png is 4x4 pixels, not 6x8", () -> Samples.floats(stated, 0));
    DataSet same = open(Map.of(), resize(5L)).train();
    for (int i = 0; i < 4; i++) {
      assertThat(Samples.floats(same, i)).hasSize(75);
    }
    DataSet cover = open(Map.of(), step("resize", List.of(6L), Map.of("fit", "cover"))).train();
    float[] whole = TestImages.floats(6, 8, 40);
    float[] middle = Samples.floats(cover, 3);
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y < 6; y++) {
        for (int x = 0; x < 6; x++) {
          assertThat(middle[(c * 6 + y) * 6 + x]).isEqualTo(whole[(c * 6 + y) * 8 + x + 1]);
        }
      }
    }
  }

  @Test
  void aStatedSizeNeedsNoFiles() {
    var absent =
        new Request(step("image_folder", List.of("absent"), Map.of()), List.of(), GRAY, folder, 1);
    refused("D0401", "no folder or zip file", () -> Data.columns(absent));
    var stated =
        new Request(
            step("image_folder", List.of("absent"), Map.of("size", 4L)),
            List.of(),
            GRAY,
            folder,
            1);
    assertThat(Data.columns(stated).toString()).isEqualTo("[image: f32[1,4,4], label: i32[]]");
    var resized = new Request(absent.source(), List.of(resize(9L)), GRAY, folder, 1);
    assertThat(Data.columns(resized).toString()).contains("f32[1,9,9]");
    refused("D0401", "no folder or zip file", () -> Data.open(stated));
  }

  @Test
  void badPicturesAreRefusedOrNamedAndSkipped() throws IOException {
    byte[] good = TestImages.encode(TestImages.rgb(40, 40, 50), "jpg");
    put("set/train/cat/cut.jpg", Arrays.copyOf(good, good.length / 2));
    put("set/train/dog/text.jpg", "no picture".getBytes(UTF_8));
    put("set/train/dog/web.webp", "RIFF".getBytes(UTF_8));
    DataSet all = open(Map.of(), resize(4L)).train();
    assertThat(all.size()).isEqualTo(6);
    refused("D0405", "cut.jpg is no usable picture: it ends early", () -> Samples.floats(all, 2));
    refused("D0405", "neither a PNG nor a JPEG nor a BMP", () -> Samples.floats(all, 4));
    refused("D0405", "web.webp", () -> Samples.floats(all, 5));
    refused("D0405", "bad = skip", () -> Samples.floats(all, 5));
    DataSets skipped = open(Map.of("bad", new Step("skip", List.of(), Map.of())), resize(4L));
    assertThat(skipped.train().size()).isEqualTo(3);
    assertThat(skipped.notes())
        .singleElement()
        .asString()
        .contains("3 of 6 pictures left out", "cut.jpg (it ends early)", "web.webp");
    assertThat(Samples.label(skipped.train(), 2)).isEqualTo(1);
    refused("D0102", "did you mean skip?", () -> open(Map.of("bad", "skipp")));
    put("only/a/x.png", new byte[9]);
    refused(
        "D0412",
        "no usable picture is left",
        () ->
            Data.open(
                Request.of(
                    "image_folder", List.of("only"), Map.of("bad", "skip", "size", 4L), folder)));
  }

  /** Whatever happens to a file: a picture or a bad picture, never another failure. */
  @Test
  void anyDamageToAFileIsNoticedOrHarmless() throws IOException {
    var random = new Random(1);
    for (String format : List.of("png", "jpg", "bmp")) {
      byte[] good = TestImages.encode(TestImages.rgb(20, 20, 3), format);
      for (int i = 0; i < 200; i++) {
        byte[] bad = Arrays.copyOf(good, i % 4 == 0 ? random.nextInt(good.length) : good.length);
        if (bad.length == good.length) {
          bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
        }
        try {
          Picture p = ImageDecoder.decode(bad);
          assertThat(format).isNotEqualTo("png"); // it has checksums
          assertThat(p.values()).isNotNull();
        } catch (ImageDecoder.Undecodable e) {
          assertThat(e.getMessage()).isNotBlank();
        }
      }
    }
  }

  @Test
  void treesThatMakeNoSenseAreRefused() throws IOException {
    refused("D0407", "no split \"val\"", () -> open(Map.of("split", "val")));
    refused("D0407", "there are test, train", () -> open(Map.of("split", "val")));
    Files.createDirectories(folder.resolve("set/train/cow"));
    refused("D0409", "set/train/cow of a class has no pictures", () -> open(Map.of()));
    Files.delete(folder.resolve("set/train/cow"));
    put("set/train/cow/e.png", TestImages.png(4, 4, 1));
    refused("D0410", "the test pictures lack class cow", () -> open(Map.of()));
    assertThat(open(Map.of("split", "train")).train().classNames())
        .containsExactly("cat", "cow", "dog");
    put("set/test/cow/e.png", TestImages.png(4, 4, 1));
    put("set/test/owl/e.png", TestImages.png(4, 4, 1));
    refused("D0410", "the test pictures have class owl", () -> open(Map.of()));
    put("set/train/loose.png", TestImages.png(4, 4, 1));
    refused("D0408", "loose.png stands outside", () -> open(Map.of()));
    Files.createDirectories(folder.resolve("empty/x"));
    refused(
        "D0406",
        "has no pictures",
        () -> Data.open(Request.of("image_folder", List.of("empty"), Map.of(), folder)));
  }

  @Test
  void filesThatCannotBeReadAreNamed() throws IOException {
    Files.createSymbolicLink(folder.resolve("set/train/cat/gone.png"), folder.resolve("gone"));
    DataSet set = open(Map.of("split", "train")).train();
    refused("D0405", "gone.png is no usable picture: it cannot be read", () -> read(set));
    Files.createSymbolicLink(folder.resolve("set/train/dog/round"), folder.resolve("set/train"));
    refused("D0403", "cannot read", () -> open(Map.of("split", "train")));
  }

  private static void read(DataSet set) {
    for (int i = 0; i < set.size(); i++) {
      Samples.floats(set, i);
    }
  }

  @Test
  void damagedZipFilesAreRefused() throws IOException {
    zip();
    Path file = folder.resolve("set.zip");
    byte[] good = Files.readAllBytes(file);
    var request = Request.of("image_folder", List.of("set.zip"), Map.of(), folder);
    Files.write(file, Arrays.copyOf(good, good.length / 2));
    refused("D0402", "no sound zip file", () -> Data.open(request));
    Files.write(file, new byte[0]);
    refused("D0402", "no sound zip file", () -> Data.open(request));
    byte[] bad = good.clone();
    bad[80] ^= 0x10; // inside the first entry's data
    Files.write(file, bad);
    refused(
        "D0405",
        "set.zip/root/test/cat/a.png",
        () ->
            Samples.floats(
                Data.open(
                        Request.of(
                            "image_folder",
                            List.of("set.zip"),
                            Map.of("split", "test", "size", 4L),
                            folder))
                    .train(),
                0));
  }

  @Test
  void theCacheGivesTheSameWithinItsBound() throws IOException {
    DataSet none = open(Map.of("cache", 0L)).train();
    assertThat(((PictureSet) none).cache()).isEmpty();
    DataSet kept = open(Map.of()).train();
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 3; i++) {
        assertThat(Samples.floats(kept, i)).isEqualTo(Samples.floats(none, i));
      }
    }
    assertThat(((PictureSet) kept).cache().orElseThrow().bytes()).isEqualTo(3 * (64 + 48));
    var bounded = new PictureCache(new Digits(1, 0, 10), 2 * (64 + 784) + 100);
    for (int i = 0; i < 10; i++) {
      bounded.read(i, 1);
    }
    assertThat(bounded.bytes()).isEqualTo(2 * (64 + 784));
  }

  @Test
  void cifarInAZipIsReadFastAndAsPillowReadsIt() {
    Path zip = Samples.shared("cifar10/cifar10-jpg.zip");
    Assumptions.assumeTrue(Files.exists(zip), "no " + zip);
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadCpuTime();
    var request = Request.of("image_folder", List.of(zip.toString()), Map.of("size", 32L), folder);
    DataSets sets = Data.open(request);
    // 0.3 s of the processor, whatever else runs.
    assertThat((threads.getCurrentThreadCpuTime() - start) * 1e-9).isLessThan(3);
    assertThat(sets.train().size()).isEqualTo(50_000);
    assertThat(sets.test().orElseThrow().size()).isEqualTo(10_000);
    assertThat(sets.train().classNames()).isEqualTo(Cifar10.CLASSES);
    assertThat(sets.notes()).isEmpty();
    assertThat(Samples.label(sets.train(), 49_999)).isEqualTo(9);
    float[] first = Samples.floats(sets.test().orElseThrow(), 0);
    float[] last = Samples.floats(sets.train(), 49_999);
    sumsAre(first, FIRST_SUMS);
    sumsAre(last, LAST_SUMS);
  }

  /** Pillow 12's sums of the red, green and blue of both pictures. */
  private static final int[] FIRST_SUMS = {155918, 154094, 165629};

  private static final int[] LAST_SUMS = {84567, 112171, 125367};

  /** Decoders may round otherwise: within one shade in the mean. */
  private static void sumsAre(float[] image, int[] sums) {
    for (int c = 0; c < 3; c++) {
      double sum = 0;
      for (int i = 0; i < 1024; i++) {
        sum += image[c * 1024 + i] * 255;
      }
      assertThat(sum / 1024).isCloseTo(sums[c] / 1024.0, within(1.0));
    }
  }

  @Test
  void wrongArgumentsGetHelp() {
    refused("D0102", "did you mean size?", () -> open(Map.of("sise", 4L)));
    refused("D0102", "needs a size for size, not big", () -> open(Map.of("size", "big")));
    refused("D0102", "cannot use size = 0", () -> open(Map.of("size", 0L)));
    refused(
        "D0106", "did you mean resize?", () -> open(Map.of(), step("resiz", List.of(), Map.of())));
    refused(
        "D0413",
        "crop(5) cannot give 5x5 pixels of 4x4",
        () -> Data.columns(request(Map.of("size", 4L), step("crop", List.of(5L), Map.of()))));
    assertThatThrownBy(
            () -> Samples.floats(open(Map.of(), step("crop", List.of(5L), Map.of())).train(), 0))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("a.png");
  }
}
