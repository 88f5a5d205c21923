package modelc.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import modelc.data.Data;
import modelc.data.Request;
import modelc.data.Step;
import modelc.runtime.Artifact;
import modelc.runtime.Checkpoint;
import modelc.runtime.EarlyStopping;
import modelc.runtime.ElementType;
import modelc.runtime.Model;
import modelc.runtime.ModelcException;
import modelc.runtime.Npy;
import modelc.runtime.Permutation;
import modelc.runtime.Safetensors;
import modelc.runtime.Session;
import modelc.runtime.Tensor;
import modelc.runtime.TrainerOptions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mistakes that no other test makes, each with its code and a cure. */
class CodesTest {
  private static final String MODEL =
      """
      model M {
          input x: f32[2]
          input z: f32[2]
          output y = x + z -> d: dense(1)
          output w = x
      }
      """;

  @TempDir Path folder;

  private String model() throws IOException {
    return Files.writeString(folder.resolve("m.model"), MODEL).toString();
  }

  private static Tensor floats(long... shape) {
    long n = 1;
    var sizes = new ArrayList<Long>();
    for (long s : shape) {
      n *= s;
      sizes.add(s);
    }
    return Tensor.ofFloats(sizes, new float[(int) n]);
  }

  private String weights(String name, Map<String, String> about, Map<String, Tensor> tensors) {
    Path path = folder.resolve(name);
    Safetensors.write(path, about, tensors);
    return path.toString();
  }

  /** The command ends with that exit code, and says that code and a cure. */
  private static void said(int exit, String code, String cure, String... command) {
    PrintStream before = System.err;
    var err = new ByteArrayOutputStream();
    int ended;
    try {
      System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
      ended = Main.run(command);
    } finally {
      System.setErr(before);
    }
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("error[" + code + "]: ", cure);
    assertThat(ended).isEqualTo(exit);
  }

  private static void thrown(String code, String cure, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ModelcException.class,
            e -> {
              assertThat(e.code()).isEqualTo(code);
              assertThat(e.cure()).contains(cure);
            });
  }

  private void opened(
      String code, String cure, String source, List<Object> arguments, Map<String, Object> named) {
    thrown(code, cure, () -> Data.open(Request.of(source, arguments, named, folder)));
  }

  @Test
  void ofCommands() throws IOException {
    String m = model();
    said(1, "C0101", "add `train M {", "train", m);
    said(2, "C0106", "the passes are ", "ir", m, "--after", "magic");
    said(2, "C0107", "there are init, infer", "ir", m, "--entry", "train");
    said(2, "C0110", "use --cpu native", "compile", m, "-o", folder + "/m.so", "--cpu", "z80");
    String[] jar = {"compile", m, "-o", folder + "/m.jar", "--format", "jar", "--entry", "infer"};
    said(2, "C0140", "com.example", with(jar, "--no-cache", "--package", "7up"));
    said(2, "C0112", "a letter first", "new", "7up");
    String w = weights("w.safetensors", Map.of(), Map.of("d.w", floats(1, 2), "d.b", floats(1)));
    said(2, "C0111", "--names torch", "export", m, "--weights", w, "--like", w, "-o", w + "2");
    Path x = folder.resolve("x.npy");
    Npy.write(x, floats(3, 2));
    String[] ran = {
      "predict", m, "--weights", w, "--no-cache", "--output", "y=" + folder + "/y.npy"
    };
    said(2, "C0104", "NAME=FILE", with(ran, "--input", x.toString()));
    said(2, "C0105", "--input z=", with(ran, "--input", "x=" + x));
    String picture = picture("p.png", 2).toString();
    said(2, "C0114", "NAME=FILE.npy", "predict", m, "--weights", w, "--input", picture);
    said(2, "C0120", "pass one of", "ir", m, "--stage", "ptx", "--sm", "12");
    said(2, "C0120", "or 90a", "ir", m, "--stage", "ptx", "--sm", "x");
    said(2, "C0121", "ptx-emulator", "train", m, "--device", "abacus");
    said(2, "C0122", "--name", "bundle", m, "-o", folder + "/bundle", "--name", "..");
  }

  private Path picture(String name, int size) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    var image = new BufferedImage(size, size, BufferedImage.TYPE_BYTE_GRAY);
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  @Test
  void ofPictures() throws IOException {
    String m =
        Files.writeString(
                folder.resolve("p.model"),
                "model P { input image: f32[1, 4, 4]; output y = image -> flatten -> d: dense(1) }")
            .toString();
    String w = weights("w.safetensors", Map.of(), Map.of("d.w", floats(1, 16), "d.b", floats(1)));
    String[] predict = {"predict", m, "--weights", w, "--no-cache", "--threads", "1", "--input"};
    String drawn = folder.resolve("drawn").toString();
    String picture = picture("a.png", 4).toString();
    said(2, "C0116", "--csv FILE", with(predict, picture, "--output", drawn));
    String bad = Files.writeString(folder.resolve("b.png"), "no picture").toString();
    said(1, "D0418", "mend", with(predict, bad, "--bad", "skip", "--json"));
  }

  /** A picture of a zip file that would be drawn beside the folder for drawings is passed over. */
  @Test
  void aZipFileCannotLeadOut() throws IOException {
    String m =
        Files.writeString(
                folder.resolve("p.model"),
                """
                model P { input image: f32[1, 4, 4]; output logits = image -> flatten -> d: dense(2) }
                train P {
                    data = image_folder("set")
                    loss = cross_entropy(logits, label)
                    metrics = accuracy(logits, label)
                    optimizer = sgd(lr = 0.1)
                }
                """)
            .toString();
    picture("set/a/1.png", 4);
    byte[] picture = Files.readAllBytes(picture("set/b/1.png", 4));
    Path zip = folder.resolve("out.zip");
    try (var out = new ZipOutputStream(Files.newOutputStream(zip))) {
      out.putNextEntry(new ZipEntry("a/../../up.png"));
      out.write(picture);
      out.closeEntry();
    }
    String w = weights("w.safetensors", Map.of(), Map.of("d.w", floats(2, 16), "d.b", floats(2)));
    String drawn = folder.resolve("drawn").toString();
    String[] predict = {"predict", m, "--weights", w, "--no-cache", "--threads", "1"};
    said(1, "D0406", "PNG", with(predict, "--input", zip.toString(), "--output", drawn));
    assertThat(folder.resolve("up.png")).doesNotExist();
  }

  /** A library that names a function it does not have. */
  @Test
  void ofALibraryThatLacksAFunction() throws IOException {
    Path library = folder.resolve("lib.so");
    assertThat(Main.run("compile", model(), "-o", library.toString(), "--entry", "infer")).isZero();
    String text = Files.readString(library, StandardCharsets.ISO_8859_1);
    assertThat(text).contains("\"name\": \"infer\"");
    byte[] bytes =
        text.replace("\"name\": \"infer\"", "\"name\": \"infex\"")
            .getBytes(StandardCharsets.ISO_8859_1);
    Files.write(library, ForeignBytes.sealed(bytes));
    try (Model loaded = Model.load(library);
        Session session = loaded.open(1)) {
      thrown("R0709", "compile", () -> session.call("infex").run());
    }
  }

  private static String[] with(String[] command, String... more) {
    var all = new ArrayList<>(List.of(command));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  @Test
  void ofWeights() throws IOException {
    String m = model();
    String other = weights("o.safetensors", Map.of(), Map.of("d.w", floats(4), "q", floats(1)));
    said(1, "R0202", "--partial", "export", m, "--weights", other, "-o", folder + "/x");
    String twice =
        weights("t.safetensors", Map.of(), Map.of("a.w", floats(1, 2), "b.w", floats(1, 2)));
    String[] maps = {"--map", "a=d", "--map", "b=d"};
    said(1, "R0205", "after its `=`", with(new String[] {"export", m, "--weights", twice}, maps));
    String w = weights("w.safetensors", Map.of(), Map.of("d.w", floats(1, 2), "d.b", floats(1)));
    said(3, "R0301", "folder exists", "export", m, "--weights", w, "-o", folder + "/none/x");
    said(3, "R0302", "path", "export", m, "--weights", folder + "/none");
    Path bad = Files.writeString(folder.resolve("bad.safetensors"), "what is this, after all?");
    said(1, "R0303", "again", "export", m, "--weights", bad.toString());
    thrown(
        "R0304",
        "fewer tensors",
        () -> weights("l", Map.of(), Map.of("n".repeat(17 << 20), floats(1))));
    byte[] header =
        "{\"a\":{\"dtype\":\"F8\",\"shape\":[1],\"data_offsets\":[0,1]}}"
            .getBytes(StandardCharsets.UTF_8);
    ByteBuffer file = ByteBuffer.allocate(9 + header.length).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(bad, file.putLong(header.length).put(header).array());
    said(1, "R0305", "convert it", "export", m, "--weights", bad.toString());
  }

  @Test
  void ofArrays() throws IOException {
    Path x = folder.resolve("x.npy");
    try (Arena arena = Arena.ofConfined()) {
      Npy.write(x, floats(3));
      thrown("R0401", "astype", () -> Npy.read(x, arena).as(ElementType.I32, arena));
      byte[] sound = Files.readAllBytes(x);
      String text = new String(sound, StandardCharsets.ISO_8859_1);
      replace(x, text.replace("<f4", "<c8"));
      thrown("R0402", "float32", () -> Npy.read(x, arena));
      assertThatThrownBy(() -> Npy.read(x, arena))
          .isInstanceOfSatisfying(
              ModelcException.class,
              e -> {
                assertThat(e.place()).contains(x + ", byte " + text.indexOf("<f4"));
                assertThat(e.render())
                    .contains("\n --> " + e.place().orElseThrow() + "\n  = help:");
              });
      replace(x, text.replace("False, 'shape': (3,), }", "True, 'shape': (3,), } "));
      thrown("R0403", "ascontiguousarray", () -> Npy.read(x, arena));
      replace(x, text.substring(1));
      thrown("R0404", "numpy.save", () -> Npy.read(x, arena));
    }
  }

  private static void replace(Path file, String bytes) throws IOException {
    Files.write(file, bytes.getBytes(StandardCharsets.ISO_8859_1));
  }

  @Test
  void ofTraining() throws IOException {
    thrown("R0502", "split", () -> Permutation.of(1L << 40, 1, 0));
    thrown("R0505", "patience", () -> EarlyStopping.of("loss", 0));
    thrown("R0506", "at least 1", () -> TrainerOptions.of(0, 1));
    String w = weights("w.safetensors", Map.of(), Map.of("a", floats(1)));
    thrown("R0601", "resume from", () -> Checkpoint.open(Path.of(w)));
    Path damaged = Path.of(w).resolveSibling("c.safetensors");
    byte[] sound = ForeignFile.CHECKPOINT.kept().values().iterator().next();
    sound[sound.length - 1] ^= 1;
    Files.write(damaged, sound);
    thrown("R0602", "previous", () -> Checkpoint.open(damaged));
    try (var library = new RandomAccessFile(folder.resolve("lib.so").toFile(), "rw")) {
      library.setLength(Artifact.MAX_BYTES + 1);
    }
    thrown("R0703", "modelc", () -> Artifact.open(folder.resolve("lib.so")));
  }

  @Test
  void ofData() throws IOException {
    Files.createDirectory(folder.resolve("train-images-idx3-ubyte"));
    Files.createDirectory(folder.resolve("train-labels-idx1-ubyte"));
    opened("D0203", "read it", "mnist", List.of("."), Map.of());
    picture("set/a/4.png", 4);
    picture("set/a/6.png", 6);
    var tiles =
        new Request(
            Request.of("image_folder", List.of("set"), Map.of(), folder).source(),
            List.of(new Step("tiles", List.of(4L), Map.of())),
            List.of(),
            folder,
            1);
    thrown("D0414", "resize", () -> ForeignFile.samples(tiles));
    String names = String.join(",", Collections.nCopies(100_001, "a"));
    Files.writeString(folder.resolve("wide.csv"), names + "\n");
    opened("D0304", "at most 100000", "csv", List.of("wide.csv"), Map.of("label", "a"));
    thrown(
        "D0109",
        "--root",
        () ->
            Data.open(
                new Request(
                    Request.of("csv", List.of("../t.csv"), Map.of("label", "y"), folder).source(),
                    List.of(),
                    List.of(),
                    folder,
                    1,
                    Optional.of(folder))));
  }
}
