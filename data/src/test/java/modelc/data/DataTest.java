package modelc.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import modelc.runtime.Column;
import modelc.runtime.DataException;
import modelc.runtime.ElementType;
import modelc.runtime.FileException;
import modelc.runtime.ModelcException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DataTest {
  @TempDir Path folder;

  private static void refused(String code, String words, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ModelcException.class,
            e -> {
              assertThat(e.code()).isEqualTo(code);
              assertThat(e.getMessage() + "\n" + e.cure()).contains(words);
              assertThat(e.cure()).isNotBlank();
            });
  }

  private DataSets open(String name, List<Object> arguments, Map<String, Object> named) {
    return Data.open(Request.of(name, arguments, named, folder));
  }

  private static Step step(String name, Object... arguments) {
    return new Step(name, List.of(arguments), Map.of());
  }

  // The catalogue.

  @Test
  void wrongNamesAndArgumentsGetHelp() {
    refused("D0101", "did you mean digits?", () -> open("digit", List.of(), Map.of()));
    refused(
        "D0101", "there are digits, mnist, cifar10", () -> open("imagenet", List.of(), Map.of()));
    refused("D0102", "did you mean count?", () -> open("digits", List.of(), Map.of("cuont", 3L)));
    refused(
        "D0102", "takes 2 arguments, not 3", () -> open("digits", List.of(1L, 2L, 3L), Map.of()));
    refused("D0102", "count twice", () -> open("digits", List.of(1L), Map.of("count", 2L)));
    refused(
        "D0102", "whole number for count, not 1.5", () -> open("digits", List.of(1.5), Map.of()));
    refused("D0102", "count = 0", () -> open("digits", List.of(0L), Map.of()));
    refused("D0102", "needs dir", () -> open("mnist", List.of(), Map.of()));
    refused("D0102", "needs text for dir, not 3", () -> open("mnist", List.of(3L), Map.of()));
    refused("D0205", "no split \"val\"", () -> open("mnist", List.of("d", "val"), Map.of()));
    refused("D0103", "not a path", () -> open("mnist", List.of("a\0b"), Map.of()));
    refused("D0301", "either label or target", () -> open("csv", List.of("f"), Map.of()));
    refused("D0106", "did you mean pad?", () -> Transform.of(step("padd", 2L)));
    refused("D0102", "n = -1", () -> Transform.of(step("pad", -1L)));
    refused(
        "D0107",
        "finds no image",
        () ->
            Data.columns(new Request(step("csv"), List.of(step("pad", 1L)), List.of(), folder, 1)));
    assertThatThrownBy(() -> Data.columns(Request.of("x", List.of(), Map.of(), folder)))
        .isInstanceOf(DataException.class);
  }

  @Test
  void columnsAreKnownWithoutReadingData() {
    List<Column> image = Data.columns(Request.of("digits", List.of(), Map.of(), folder));
    assertThat(image.toString()).isEqualTo("[image: f32[1,28,28], label: i32[]]");
    assertThat(Data.columns(Request.of("mnist", List.of("absent"), Map.of(), folder)))
        .isEqualTo(image);
    var padded = new Request(step("digits"), List.of(step("pad", 2L)), List.of(), folder, 1);
    assertThat(Data.columns(padded).toString()).isEqualTo("[image: f32[1,32,32], label: i32[]]");
  }

  // Splits and transforms.

  @Test
  void splitsAreDisjointCompleteAndRepeatable() {
    var set = new Numbers(100);
    DataSet.Split split = set.split(0.2, 5);
    assertThat(split.validation().size()).isEqualTo(20);
    var all = new java.util.TreeSet<Integer>();
    for (DataSet part : List.of(split.train(), split.validation())) {
      int before = -1;
      for (int i = 0; i < part.size(); i++) {
        int n = (int) Samples.floats(part, i)[0];
        assertThat(n).isGreaterThan(before);
        before = n;
        assertThat(all.add(n)).isTrue();
      }
    }
    assertThat(all).hasSize(100);
    DataSet again = set.split(0.2, 5).validation();
    DataSet other = set.split(0.2, 6).validation();
    boolean differs = false;
    for (int i = 0; i < 20; i++) {
      float n = Samples.floats(split.validation(), i)[0];
      assertThat(Samples.floats(again, i)[0]).isEqualTo(n);
      differs |= Samples.floats(other, i)[0] != n;
    }
    assertThat(differs).isTrue();
    assertThat(set.split(0, 1).validation().size()).isZero();
    assertThat(new Numbers(3).split(0.1, 1).validation().size()).isEqualTo(1);
    refused("D0105", "cannot be split", () -> new Numbers(1).split(0.5, 1));
    refused("D0104", "1.0", () -> set.split(1, 1));
  }

  private record Numbers(long size) implements DataSet {
    @Override
    public List<Column> columns() {
      return List.of(new Column("n", ElementType.F32, List.of()));
    }

    @Override
    public void read(long sample, long epoch, MemorySegment[] rows) {
      rows[0].set(ValueLayout.JAVA_FLOAT, 0, (float) sample);
    }
  }

  @Test
  void paddingSurroundsEveryChannelWithZeros() {
    var values = new byte[12];
    for (int i = 0; i < 12; i++) {
      values[i] = (byte) (i + 1);
    }
    Example padded = Example.labelled(new Picture(2, 2, 3, values), 7).pad(1, Border.ZERO);
    assertThat(padded.image().values())
        .containsExactly(
            0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 4, 5, 6, 0, 0, 0, 0, 0, 0, //
            0, 0, 0, 0, 0, 0, 7, 8, 9, 0, 0, 10, 11, 12, 0, 0, 0, 0, 0, 0);
    assertThat(padded.label()).isEqualTo(7);
  }

  // MNIST.

  private static byte[] idx(int magic, int[] sizes, byte[] data) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var out = new DataOutputStream(bytes)) {
      out.writeInt(magic);
      for (int s : sizes) {
        out.writeInt(s);
      }
      out.write(data);
    }
    return bytes.toByteArray();
  }

  private static byte[] gzip(byte[] data) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(bytes)) {
      out.write(data);
    }
    return bytes.toByteArray();
  }

  private static byte[] images(int n) throws IOException {
    var data = new byte[n * 784];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) (i * 31);
    }
    return idx(0x803, new int[] {n, 28, 28}, data);
  }

  private static byte[] labels(int n) throws IOException {
    var data = new byte[n];
    for (int i = 0; i < n; i++) {
      data[i] = (byte) (i % 10);
    }
    return idx(0x801, new int[] {n}, data);
  }

  @ParameterizedTest
  @CsvSource({
    "-images-idx3-ubyte,-labels-idx1-ubyte,false",
    "-images-idx3-ubyte.gz,-labels-idx1-ubyte.gz,true",
    "-images.idx3-ubyte,-labels.idx1-ubyte,false",
    "-images.idx3-ubyte.gz,-labels-idx1-ubyte,true"
  })
  void mnistIsReadUnderAllItsNames(String images, String labels, boolean zip) throws IOException {
    Files.write(folder.resolve("train" + images), zip ? gzip(images(12)) : images(12));
    Files.write(folder.resolve("train" + labels), zip ? gzip(labels(12)) : labels(12));
    DataSets sets = open("mnist", List.of("."), Map.of());
    assertThat(sets.test()).isEmpty();
    assertThat(sets.train().size()).isEqualTo(12);
    assertThat(Samples.label(sets.train(), 11)).isEqualTo(1);
    float[] image = Samples.floats(sets.train(), 2);
    assertThat(image[5]).isEqualTo((((2 * 784 + 5) * 31) & 0xff) / 255f);
    Files.write(folder.resolve("t10k" + images), images(3));
    Files.write(folder.resolve("t10k" + labels), labels(3));
    assertThat(open("mnist", List.of("."), Map.of()).test().orElseThrow().size()).isEqualTo(3);
    assertThat(open("mnist", List.of("."), Map.of("split", "test")).train().size()).isEqualTo(3);
  }

  private void mnistRefused(String code, String words, byte[] images, byte[] labels)
      throws IOException {
    Files.write(folder.resolve("train-images-idx3-ubyte"), images);
    Files.write(folder.resolve("train-labels-idx1-ubyte"), labels);
    refused(code, words, () -> open("mnist", List.of("."), Map.of()));
  }

  @Test
  void damagedMnistIsRefused() throws IOException {
    refused("D0201", "there is no folder", () -> open("mnist", List.of("none"), Map.of()));
    refused("D0202", "no train-images-idx3-ubyte", () -> open("mnist", List.of("."), Map.of()));
    byte[] good = images(4);
    mnistRefused("D0204", "starts with 00000801, not with 00000803", labels(4), labels(4));
    mnistRefused("D0204", "starts with 00000803, not with 00000801", good, good);
    mnistRefused("D0204", "ends early", new byte[3], labels(4));
    mnistRefused(
        "D0204",
        "ends after 3135 of 3136",
        java.util.Arrays.copyOf(good, good.length - 1),
        labels(4));
    mnistRefused("D0204", "goes on", java.util.Arrays.copyOf(good, good.length + 1), labels(4));
    mnistRefused("D0204", "4 images, and", good, labels(5));
    mnistRefused("D0204", "32 pixels", idx(0x803, new int[] {1, 32, 28}, new byte[896]), labels(1));
    mnistRefused(
        "D0204", "claims 4294967295", idx(0x803, new int[] {-1, 28, 28}, new byte[0]), labels(1));
    mnistRefused("D0204", "claims 0", idx(0x803, new int[] {0, 28, 28}, new byte[0]), labels(1));
    mnistRefused("D0204", "label 0 is 10", images(1), idx(0x801, new int[] {1}, new byte[] {10}));
    mnistRefused("D0204", "label 0 is 255", images(1), idx(0x801, new int[] {1}, new byte[] {-1}));
    byte[] zipped = gzip(good);
    mnistRefused("D0204", "ends early", java.util.Arrays.copyOf(zipped, 40), labels(4));
    zipped[zipped.length / 2] ^= 0x55;
    mnistRefused("D0204", "not a sound MNIST file", zipped, labels(4));
  }

  @Test
  void anyDamageToMnistIsARefusalOrReadable() throws IOException {
    byte[] good = gzip(images(2));
    var random = new Random(1);
    Files.write(folder.resolve("train-labels-idx1-ubyte"), labels(2));
    for (int i = 0; i < 300; i++) {
      byte[] bad = good.clone();
      bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      Files.write(folder.resolve("train-images-idx3-ubyte"), bad);
      try {
        open("mnist", List.of("."), Map.of());
      } catch (DataException e) {
        assertThat(e.getMessage()).contains("train-images-idx3-ubyte");
      }
    }
  }

  @Test
  void theRealSetIsRead() {
    Path real = Samples.shared("mnist");
    Assumptions.assumeTrue(MnistSource.has(real, "train"));
    DataSets sets = open("mnist", List.of(real.toString()), Map.of());
    assertThat(sets.train().size()).isEqualTo(60_000);
    assertThat(sets.test().orElseThrow().size()).isEqualTo(10_000);
    assertThat(Samples.label(sets.train(), 0)).isEqualTo(5);
    assertThat(Samples.label(sets.test().orElseThrow(), 0)).isEqualTo(7);
  }

  // CSV.

  private Path csv(String text) throws IOException {
    return Files.writeString(folder.resolve("t.csv"), text);
  }

  private DataSet csv(String text, Map<String, Object> named) throws IOException {
    csv(text);
    return open("csv", List.of("t.csv"), named).train();
  }

  @Test
  void csvGivesFeaturesAndClasses() throws IOException {
    String text = "\uFEFFid,a , b,kind\n1,1.5,-2e-1,pear\n2,+3,.5,\"apple\"\n\n3,4.,0,pear\n";
    Map<String, Object> named = Map.of("label", "kind", "ignore", List.of("id"));
    DataSet set = csv(text, named);
    assertThat(set.columns().toString()).isEqualTo("[features: f32[2], label: i32[]]");
    assertThat(Data.columns(Request.of("csv", List.of("t.csv"), named, folder)))
        .isEqualTo(set.columns());
    assertThat(set.size()).isEqualTo(3);
    assertThat(set.classNames()).containsExactly("apple", "pear");
    assertThat(Samples.floats(set, 0)).containsExactly(1.5f, -0.2f);
    assertThat(Samples.floats(set, 2)).containsExactly(4f, 0f);
    assertThat(List.of(Samples.label(set, 0), Samples.label(set, 1))).containsExactly(1, 0);
    assertThat(set.split(0.4, 1).train().classNames()).containsExactly("apple", "pear");
  }

  @Test
  void csvKeepsNumberedClassesAndReadsTargets() throws IOException {
    DataSet numbered = csv("x;y\n1;10\n2;-1\n3;2\n", Map.of("label", "y", "separator", ";"));
    assertThat(numbered.classNames()).isEmpty();
    assertThat(Samples.label(numbered, 0)).isEqualTo(10);
    assertThat(Samples.label(numbered, 1)).isEqualTo(-1);
    DataSet target = csv("price,x\n1.25,3\n", Map.of("target", "price"));
    assertThat(target.columns().toString()).isEqualTo("[features: f32[1], target: f32[]]");
    assertThat(Samples.read(target, 0)[1].get(ValueLayout.JAVA_FLOAT, 0)).isEqualTo(1.25f);
  }

  private void csvRefusedAt(int line, int column, String text) throws IOException {
    csv(text);
    assertThatThrownBy(() -> open("csv", List.of("t.csv"), Map.of("label", "y")))
        .isInstanceOfSatisfying(
            ModelcException.class,
            e -> assertThat(e.place()).contains(folder + "/t.csv:" + line + ":" + column));
  }

  @Test
  void mistakesHaveAPlace() throws IOException {
    csvRefusedAt(3, 1, "x,y\n1,1\nabc,2\n");
    csvRefusedAt(2, 2, "x,y\n1,\n");
    csvRefusedAt(2, 3, "x,y\n1,2,3\n");
    Files.write(folder.resolve("train-images-idx3-ubyte"), images(4));
    Files.write(folder.resolve("train-labels-idx1-ubyte"), images(4));
    assertThatThrownBy(() -> open("mnist", List.of("."), Map.of()))
        .isInstanceOfSatisfying(
            ModelcException.class,
            e -> assertThat(e.place().orElseThrow()).endsWith("train-labels-idx1-ubyte, byte 0"));
  }

  private void csvRefused(String code, String words, String text) throws IOException {
    csv(text);
    refused(code, words, () -> open("csv", List.of("t.csv"), Map.of("label", "y")));
  }

  @Test
  void csvMistakesAreNamedByLineAndColumn() throws IOException {
    refused("D0302", "there is no file", () -> open("csv", List.of("none"), Map.of("label", "y")));
    csvRefused("D0303", "it is empty", "");
    Csv.checkNumbers(folder, Csv.MAX_VALUES);
    refused("D0306", "split the file", () -> Csv.checkNumbers(folder, Csv.MAX_VALUES + 1));
    csvRefused("D0303", "a header and no records", "x,y\n");
    csvRefused("D0303", "line 3, column 1 (x): not a number: abc", "x,y\n1,1\nabc,2\n");
    csvRefused("D0303", "line 2, column 1 (x): not a number: NaN", "x,y\nNaN,1\n");
    csvRefused("D0303", "line 2, column 1 (x): not a number: 0x10", "x,y\n0x10,1\n");
    csvRefused("D0303", "line 2, column 1 (x): not a number: 1d", "x,y\n1d,1\n");
    csvRefused("D0303", "line 2, column 1 (x): nothing there", "x,y\n,1\n");
    csvRefused("D0303", "line 2, column 2 (y): nothing there", "x,y\n1,\n");
    csvRefused("D0303", "too large for a 32-bit float", "x,y\n1e40,1\n");
    csvRefused("D0303", "line 4 has 3 fields, the header 2", "x,y\n1,1\n\"2\",2\n3,3,3\n");
    csvRefused("D0303", "line 2 has 1 fields, the header 2", "x,y\n1\n");
    csvRefused("D0303", "a second column of this name", "x,x,y\n1,1,1\n");
    csvRefused("D0303", "a column without a name", "x,,y\n1,1,1\n");
    csvRefused("D0303", "no column beside y", "y\n1\n");
    csvRefused("D0305", "did you mean yy?", "x,yy\n1,1\n");
    csvRefused("D0303", "t.csv", "x,y\n\"1,1\n");
    Files.write(
        folder.resolve("t.csv"), new byte[] {'x', ',', 'y', '\n', (byte) 0xff, ',', '1', '\n'});
    refused("D0303", "not UTF-8", () -> open("csv", List.of("t.csv"), Map.of("label", "y")));
    refused("D0302", "cannot read", () -> open("csv", List.of("."), Map.of("label", "y")));
    assertThatThrownBy(() -> open("csv", List.of("none"), Map.of("target", "y")))
        .isInstanceOf(FileException.class);
  }

  @Test
  void anyBytesAreARefusalOrATable() throws IOException {
    var random = new Random(1);
    byte[] good = "x,y,z\n1,2,a\n3,4,\"b\"\n".getBytes(UTF_8);
    for (int i = 0; i < 500; i++) {
      byte[] bad = good.clone();
      for (int k = 0; k < 1 + i % 4; k++) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      }
      Files.write(folder.resolve("t.csv"), bad);
      try {
        open("csv", List.of("t.csv"), Map.of("label", "z"));
      } catch (DataException e) {
        assertThat(e.getMessage()).contains("t.csv");
      }
    }
  }
}
