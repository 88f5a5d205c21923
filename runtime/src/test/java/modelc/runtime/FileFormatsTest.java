package modelc.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileFormatsTest {
  @TempDir Path folder;

  private static Tensor doubles(double... values) {
    return Tensor.wrap(
        ElementType.F64, List.of((long) values.length), MemorySegment.ofArray(values));
  }

  private static Tensor bools(int... values) {
    var bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return Tensor.wrap(
        ElementType.BOOL, List.of((long) bytes.length), MemorySegment.ofArray(bytes));
  }

  private static final Map<String, Tensor> TENSORS =
      Map.of(
          "conv1.w", Tensor.ofFloats(List.of(2L, 3L), 1, 2, 3, 4, 5, 6),
          "größe \"q\"\\", Tensor.ofInts(List.of(), 42),
          "empty", Tensor.ofFloats(List.of(0L, 7L)),
          "zero", doubles(),
          "d", doubles(Math.PI, Double.NaN),
          "l",
              Tensor.wrap(
                  ElementType.I64, List.of(1L), MemorySegment.ofArray(new long[] {Long.MIN_VALUE})),
          "mask", bools(1, 0, 1));

  @Test
  void safetensorsComeBackAsTheyWere() throws IOException {
    Path file = folder.resolve("t.safetensors");
    Safetensors.write(file, Map.of("k", "v\n\u0001", "a", "ü"), TENSORS);
    try (var read = Safetensors.open(file);
        var arena = Arena.ofConfined()) {
      assertThat(read.metadata()).isEqualTo(Map.of("k", "v\n\u0001", "a", "ü"));
      assertThat(read.entries()).hasSize(TENSORS.size());
      TENSORS.forEach(
          (name, t) -> {
            Tensor r = read.read(read.entry(name).orElseThrow(), arena);
            assertThat(r.toString()).isEqualTo(t.toString());
            assertThat(r.data().mismatch(t.data())).isEqualTo(-1);
          });
      for (var e : read.entries()) {
        assertThat(e.offset() % e.type().bytes()).isZero();
      }
    }
    byte[] first = Files.readAllBytes(file);
    Safetensors.write(file, Map.of("a", "ü", "k", "v\n\u0001"), new java.util.TreeMap<>(TENSORS));
    assertThat(Files.readAllBytes(file)).isEqualTo(first);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(file); // nothing temporary is left
    }
  }

  private Path raw(String header, int dataBytes) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    return raw(text.length, text, dataBytes);
  }

  private Path raw(long length, byte[] header, int dataBytes) throws IOException {
    ByteBuffer b =
        ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    b.putLong(length).put(header);
    return Files.write(folder.resolve("raw.safetensors"), b.array());
  }

  private static String tensor(String type, String shape, String offsets) {
    return "{\"dtype\":\"" + type + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
  }

  private void damaged(String words, Path file) {
    assertThatThrownBy(() -> Safetensors.open(file).close())
        .isInstanceOf(DataException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(words);
  }

  @Test
  void damagedSafetensorsAreRefused() throws IOException {
    damaged("ends before its header", Files.write(folder.resolve("short"), new byte[5]));
    damaged("header should take", raw(100, new byte[4], 0));
    damaged("header should take 18446744073709551615", raw(-1, new byte[4], 0));
    damaged("at most", raw(1L << 40, new byte[4], 0));
    damaged("header should take 1 bytes", raw("{", 0));
    damaged("does not start with", raw("  {}", 0));
    damaged("does not start with", raw("[]", 0));
    damaged("not UTF-8", raw(4, new byte[] {'{', '"', (byte) 0xff, '}'}, 0));
    damaged(
        "not JSON: duplicate key",
        raw(
            "{\"a\":%s,\"a\":%s}"
                .formatted(tensor("F32", "[1]", "[0,4]"), tensor("F32", "[1]", "[0,4]")),
            4));
    damaged("not JSON: nesting", raw("{\"a\":" + "[".repeat(5000), 0));
    damaged("not JSON: text after", raw("{}{}", 0));
    String a = "{\"a\":%s,\"b\":%s}";
    damaged(
        "overlaps",
        raw(a.formatted(tensor("F32", "[2]", "[0,8]"), tensor("F32", "[1]", "[4,8]")), 8));
    damaged(
        "overlaps",
        raw(a.formatted(tensor("F32", "[1]", "[0,4]"), tensor("F32", "[1]", "[0,4]")), 4));
    damaged(
        "leaves a hole",
        raw(a.formatted(tensor("F32", "[1]", "[0,4]"), tensor("F32", "[1]", "[8,12]")), 12));
    damaged("the file at", raw("{\"a\":%s}".formatted(tensor("F32", "[1]", "[0,4]")), 5));
    damaged("outside the file", raw("{\"a\":%s}".formatted(tensor("F32", "[2]", "[0,8]")), 4));
    damaged("outside the file", raw("{\"a\":%s}".formatted(tensor("F32", "[1]", "[4,0]")), 4));
    damaged("takes 4 bytes", raw("{\"a\":%s}".formatted(tensor("F32", "[1]", "[0,8]")), 8));
    damaged(
        "impossibly large",
        raw(
            "{\"a\":%s}"
                .formatted(tensor("F32", "[4611686018427387904,4611686018427387904]", "[0,0]")),
            0));
    damaged("shape of a holds -1", raw("{\"a\":%s}".formatted(tensor("F32", "[-1]", "[0,4]")), 4));
    damaged(
        "shape of a holds 1.0", raw("{\"a\":%s}".formatted(tensor("F32", "[1.0]", "[0,4]")), 4));
    damaged(
        "number out of range",
        raw("{\"a\":%s}".formatted(tensor("F32", "[99999999999999999999]", "[0,4]")), 4));
    damaged("needs exactly", raw("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4));
    damaged("element type F16", raw("{\"a\":%s}".formatted(tensor("F16", "[1]", "[0,2]")), 2));
    damaged("more than strings", raw("{\"__metadata__\":{\"a\":1}}", 0));
    assertThatThrownBy(() -> Safetensors.open(folder.resolve("none")))
        .isInstanceOf(FileException.class)
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> Safetensors.open(folder)).isInstanceOf(FileException.class);
  }

  /** Any prefix and any changed byte gives an answer or a refusal, never another throwable. */
  @Test
  void noDamageGetsThrough() throws IOException {
    Path file = folder.resolve("t.safetensors");
    Safetensors.write(file, Map.of("k", "v"), TENSORS);
    byte[] good = Files.readAllBytes(file);
    var random = new Random(1);
    for (int i = 0; i < 800; i++) {
      byte[] bad = good.clone();
      if (i < 300) {
        bad = java.util.Arrays.copyOf(good, i * good.length / 300);
      } else {
        for (int k = 0; k <= i % 3; k++) {
          bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
        }
      }
      Files.write(file, bad);
      try (var read = Safetensors.open(file);
          var arena = Arena.ofConfined()) {
        assertThat(i).isGreaterThanOrEqualTo(300); // no prefix is whole
        read.entries().forEach(e -> read.read(e, arena));
      } catch (DataException refused) {
        assertThat(refused.getMessage()).contains(file.toString());
      }
    }
  }

  @Test
  void everyDamagedByteOfACheckpointIsNoticed() throws IOException {
    Path file = folder.resolve("run.ckpt");
    try (var model = LinearModel.model();
        var session = model.open(1)) {
      session.init(1);
      Checkpoint.save(file, session, java.util.Optional.empty(), Map.of("step", "12"));
    }
    byte[] good = Files.readAllBytes(file);
    try (var c = Checkpoint.open(file)) {
      assertThat(c.step()).isEqualTo(12);
    }
    for (int i = 0; i < good.length; i++) {
      byte[] bad = good.clone();
      bad[i] ^= 1;
      Files.write(file, bad);
      assertThatThrownBy(() -> Checkpoint.open(file).close())
          .as("byte " + i)
          .isInstanceOfAny(DataException.class, FileException.class);
    }
    assertThatThrownBy(
            () -> Checkpoint.open(Files.write(file, "no".getBytes(StandardCharsets.UTF_8))))
        .isInstanceOf(DataException.class);
  }

  @Test
  void theCheckpointBeforeStandsIn() throws IOException {
    Path file = folder.resolve("run.ckpt");
    try (var model = LinearModel.model();
        var session = model.open(1)) {
      session.init(1);
      for (int step = 1; step <= 3; step++) {
        Checkpoint.save(file, session, java.util.Optional.empty(), Map.of("step", "" + step));
      }
    }
    Files.write(file, new byte[100]);
    try (var c = Checkpoint.open(file)) {
      assertThat(c.step()).isEqualTo(2);
      assertThat(c.path()).isEqualTo(Checkpoint.previous(file));
    }
    Files.delete(file);
    try (var c = Checkpoint.open(file)) {
      assertThat(c.step()).isEqualTo(2);
    }
  }

  @Test
  void leftOversOfDeadProcessesGo() throws IOException {
    Path target = folder.resolve("run.ckpt");
    Path dead = Files.createFile(folder.resolve(".run.ckpt.999999999.tmp"));
    Path other = Files.createFile(folder.resolve(".run.ckpt.notes.tmp"));
    Path alive = Files.createFile(folder.resolve(".run.ckpt.1.tmp"));
    AtomicFile.prepare(target, 100);
    assertThat(dead).doesNotExist();
    assertThat(other).exists();
    assertThat(alive).exists();
    assertThatThrownBy(() -> AtomicFile.prepare(target, Long.MAX_VALUE))
        .isInstanceOf(FileException.class)
        .hasMessageContaining("free");
    assertThatThrownBy(() -> AtomicFile.prepare(folder, 1)).hasMessageContaining("it is a folder");
  }

  @Test
  void npyComesBackAsItWas() {
    for (Tensor t : TENSORS.values()) {
      Path file = folder.resolve("x.npy");
      Npy.write(file, t);
      try (var arena = Arena.ofConfined()) {
        Tensor r = Npy.read(file, arena).as(t.type(), arena);
        assertThat(r.toString()).isEqualTo(t.toString());
        assertThat(r.data().mismatch(t.data())).isEqualTo(-1);
      }
    }
  }

  /** The bytes numpy.save writes for numpy.arange(6, dtype="f4").reshape(2, 3). */
  @Test
  void npyIsNumPys() throws IOException {
    Path file = folder.resolve("x.npy");
    Npy.write(file, Tensor.ofFloats(List.of(2L, 3L), 0, 1, 2, 3, 4, 5));
    byte[] bytes = Files.readAllBytes(file);
    assertThat(bytes).hasSize(128 + 24);
    String header = new String(bytes, 10, 118, StandardCharsets.ISO_8859_1);
    assertThat(header)
        .isEqualTo(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }" + " ".repeat(58) + "\n");
    assertThat(java.util.Arrays.copyOf(bytes, 10))
        .containsExactly(0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0);
    Npy.write(file, Tensor.ofFloats(List.of(1L), 0));
    assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
        .contains("(1,), }");
    Npy.write(file, Tensor.ofFloats(List.of(), 0));
    assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)).contains("(), }");
  }

  private Path npy(int version, String header, int dataBytes) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.ISO_8859_1);
    var b = ByteBuffer.allocate(12 + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    b.put((byte) 0x93)
        .put("NUMPY".getBytes(StandardCharsets.ISO_8859_1))
        .put((byte) version)
        .put((byte) 0);
    if (version == 1) {
      b.putShort((short) text.length);
    } else {
      b.putInt(text.length);
    }
    b.put(text).put(new byte[dataBytes]);
    return Files.write(folder.resolve("raw.npy"), java.util.Arrays.copyOf(b.array(), b.position()));
  }

  private static String npyHeader(String descr, String order, String shape) {
    return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "1 ; <f4 ; False ; (3,)  ; 12 ; ",
        "2 ; <f4 ; False ; (3,)  ; 12 ; ",
        "1 ; |u1 ; False ; (2, 2) ; 4 ; ",
        "3 ; <f4 ; False ; (3,)  ; 12 ; its version is 3.0",
        "1 ; >f4 ; False ; (3,)  ; 12 ; elements of type >f4",
        "1 ; <f2 ; False ; (3,)  ; 6  ; elements of type <f2",
        "1 ; |O  ; False ; (3,)  ; 6  ; elements of type |O",
        "1 ; <f4 ; True  ; (3,)  ; 12 ; Fortran order",
        "1 ; <f4 ; Maybe ; (3,)  ; 12 ; its header reads",
        "1 ; <f4 ; False ; (3,)  ; 11 ; takes 12 bytes, and 11",
        "1 ; <f4 ; False ; (3,)  ; 13 ; takes 12 bytes, and 13",
        "1 ; <f4 ; False ; (-3,) ; 12 ; its header reads",
        "1 ; <f4 ; False ; (4294967296, 4294967296) ; 0 ; impossibly large",
        "1 ; <f4 ; False ; (99999999999999999999,) ; 0 ; its shape reads"
      })
  void npyHeadersAreStrict(
      int version,
      String descr,
      String order,
      String shape,
      int bytes,
      @org.jspecify.annotations.Nullable String words)
      throws IOException {
    Path file = npy(version, npyHeader(descr, order, shape), bytes);
    try (var arena = Arena.ofConfined()) {
      if (words == null) {
        Npy.read(file, arena);
      } else {
        assertThatThrownBy(() -> Npy.read(file, arena))
            .isInstanceOf(DataException.class)
            .hasMessageContaining(words)
            .hasMessageContaining(file.toString());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, 9, 10, 11, 40})
  void truncatedNpyIsRefused(int length) throws IOException {
    Path file = npy(1, npyHeader("<f4", "False", "(3,)"), 12);
    Files.write(file, java.util.Arrays.copyOf(Files.readAllBytes(file), length));
    try (var arena = Arena.ofConfined()) {
      assertThatThrownBy(() -> Npy.read(file, arena)).isInstanceOf(DataException.class);
    }
  }

  @Test
  void npyConvertsWhatKeepsItsValue() {
    Path file = folder.resolve("x.npy");
    try (var arena = Arena.ofConfined()) {
      Npy.write(file, doubles(0.1, 3));
      assertThat(Npy.read(file, arena).as(ElementType.F32, arena).floats())
          .containsExactly(0.1f, 3f);
      assertThatThrownBy(() -> Npy.read(file, arena).as(ElementType.I32, arena))
          .hasMessageContaining("cannot become an integer");
      Npy.write(file, Tensor.ofInts(List.of(2L), 7, (1 << 24) + 1));
      assertThatThrownBy(() -> Npy.read(file, arena).as(ElementType.F32, arena))
          .hasMessageContaining("16777217");
      assertThat(
              Npy.read(file, arena)
                  .as(ElementType.I64, arena)
                  .data()
                  .toArray(java.lang.foreign.ValueLayout.JAVA_LONG))
          .containsExactly(7, (1 << 24) + 1);
      Npy.write(file, bools(0, 1));
      assertThat(Npy.read(file, arena).as(ElementType.I32, arena).ints()).containsExactly(0, 1);
      Npy.write(file, TENSORS.get("l"));
      assertThatThrownBy(() -> Npy.read(file, arena).as(ElementType.I32, arena))
          .hasMessageContaining("does not fit");
      Npy.write(file, Tensor.ofFloats(List.of(1L), 0.5f));
      assertThat(
              Npy.read(file, arena)
                  .as(ElementType.F64, arena)
                  .data()
                  .toArray(java.lang.foreign.ValueLayout.JAVA_DOUBLE))
          .containsExactly(0.5);
    }
  }

  @Test
  void jsonIsStrict() throws Json.Malformed {
    assertThat(Json.parse(" {\"a\" : [1, -2.5e3, true, \"\\u00e9\\n\"]} "))
        .isEqualTo(Map.of("a", List.of(1L, -2500.0, true, "é\n")));
    for (String bad :
        List.of(
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "01",
            "+1",
            "1.",
            ".5",
            "1e",
            "nul",
            "null",
            "'a'",
            "\"\t\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "{a:1}",
            "[1 2]",
            "NaN",
            "\"a",
            "tru",
            "{\"a\":1 \"b\":2}",
            "1 1",
            "\"\\u12")) {
      assertThatThrownBy(() -> Json.parse(bad)).as(bad).isInstanceOf(Json.Malformed.class);
    }
    assertThat(Json.parse(Json.quote("a\"\\\u0000\n😀ß"))).isEqualTo("a\"\\\u0000\n😀ß");
  }

  /** A sparse file: more than 2 GB of data, a few blocks on the disk. */
  @Test
  void filesBeyondTwoGigabytesAreRead() throws IOException {
    long n = (5L << 30) / 4 + 3;
    String header =
        "{\"big\":"
            + tensor("F32", "[" + n + "]", "[0," + 4 * n + "]")
            + ",\"tail\":"
            + tensor("F32", "[2]", "[" + 4 * n + "," + (4 * n + 8) + "]")
            + "}";
    Path file = raw(header, 0);
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      var tail =
          ByteBuffer.allocate(8)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putFloat(1.5f)
              .putFloat(2.5f)
              .flip();
      channel.write(tail, 8 + header.length() + 4 * n);
    }
    try (var read = Safetensors.open(file);
        var arena = Arena.ofConfined()) {
      assertThat(read.read(read.entry("tail").orElseThrow(), arena).floats())
          .containsExactly(1.5f, 2.5f);
      assertThat(read.entry("big").orElseThrow().bytes()).isEqualTo(4 * n);
    } finally {
      Files.delete(file);
    }
  }

  /** Needs 5 GB of disk and memory. */
  @Test
  @Tag("slow")
  void tensorsBeyondTwoGigabytesAreWrittenAndRead() {
    Path file = folder.resolve("big.safetensors");
    long n = (2L << 30) + (64 << 20);
    try (var arena = Arena.ofShared()) {
      MemorySegment data = arena.allocate(n, 64);
      data.set(java.lang.foreign.ValueLayout.JAVA_BYTE, n - 1, (byte) 7);
      data.set(java.lang.foreign.ValueLayout.JAVA_BYTE, n / 2, (byte) 5);
      Safetensors.write(
          file, Map.of(), Map.of("big", Tensor.wrap(ElementType.BOOL, List.of(n), data)));
      try (var read = Safetensors.open(file)) {
        Tensor back = read.read(read.entry("big").orElseThrow(), arena);
        assertThat(back.data().mismatch(data)).isEqualTo(-1);
      }
    }
  }
}
