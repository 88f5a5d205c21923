package modelc.runtime.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import modelc.runtime.DataException;
import modelc.runtime.ElementType;
import modelc.runtime.FileException;
import modelc.runtime.ModelcException;
import modelc.runtime.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that PyTorch made (make.py beside them): what is read, and what is refused. */
class TorchFileTest {
  @TempDir Path folder;

  private final Arena arena = Arena.ofAuto();

  private Path resource(String name) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in = TorchFileTest.class.getResourceAsStream(name)) {
      Files.copy(in, file);
    }
    return file;
  }

  private Tensor read(TorchFile file, String name) {
    return file.read(file.entry(name).orElseThrow(), arena);
  }

  private static float[] base(int count, IntUnaryOperator place) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = place.applyAsInt(i);
    }
    return values;
  }

  @ParameterizedTest
  @ValueSource(strings = {"types.pt", "types_old.pt"})
  void everyElementTypeIsRead(String name) throws IOException {
    try (var file = TorchFile.open(resource(name))) {
      assertThat(file.entries().stream().map(TorchFile.Entry::name))
          .containsExactly(
              "f32", "f64", "f16", "bf16", "i64", "i32", "i16", "i8", "u8", "bool", "scalar",
              "empty");
      assertThat(read(file, "f32").shape()).isEqualTo(List.of(2L, 3L, 4L));
      assertThat(read(file, "f32").floats()).isEqualTo(base(24, i -> i));
      assertThat(read(file, "f64").data().toArray(ValueLayout.JAVA_DOUBLE))
          .containsExactly(3.141592653589793, -1e300);
      assertThat(file.entry("f16").orElseThrow().storedType()).isEqualTo("float16");
      assertThat(file.entry("f16").orElseThrow().type()).isEqualTo(ElementType.F32);
      assertThat(read(file, "f16").floats())
          .containsExactly(1f, -0.5f, 65504f, 0x1p-24f, Float.POSITIVE_INFINITY);
      assertThat(read(file, "bf16").floats())
          .containsExactly(1f, -0.5f, 65536f, 6.0070306E-8f, Float.POSITIVE_INFINITY);
      assertThat(read(file, "i64").shape()).isEqualTo(List.of(1L, 2L));
      assertThat(read(file, "i64").data().toArray(ValueLayout.JAVA_LONG))
          .containsExactly(Long.MIN_VALUE, Long.MAX_VALUE);
      assertThat(read(file, "i32").ints()).containsExactly(-7);
      assertThat(read(file, "i16").ints()).containsExactly(-7, 300);
      assertThat(read(file, "i8").ints()).containsExactly(-7);
      assertThat(read(file, "u8").ints()).containsExactly(200);
      assertThat(read(file, "bool").data().toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 0, 1);
      assertThat(read(file, "scalar").shape()).isEmpty();
      assertThat(read(file, "scalar").data().get(ValueLayout.JAVA_LONG, 0)).isEqualTo(42);
      assertThat(read(file, "empty").shape()).isEqualTo(List.of(0L, 7L));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"views.pt", "views_old.pt"})
  void viewsOfOneStorageAreReadInTheOrderOfTheirElements(String name) throws IOException {
    try (var file = TorchFile.open(resource(name))) {
      assertThat(read(file, "whole").floats()).isEqualTo(base(24, i -> i));
      assertThat(read(file, "part").floats()).containsExactly(5, 6, 7, 8);
      assertThat(read(file, "transposed").shape()).isEqualTo(List.of(6L, 4L));
      assertThat(read(file, "transposed").floats()).isEqualTo(base(24, i -> i % 4 * 6 + i / 4));
      assertThat(read(file, "half_view").floats()).isEqualTo(base(24, i -> i % 4 * 6 + i / 4));
      assertThat(read(file, "corner").floats()).containsExactly(8, 9, 10, 14, 15, 16);
      assertThat(read(file, "every").floats()).containsExactly(1, 6, 11, 16, 21);
      assertThat(read(file, "permuted").shape()).isEqualTo(List.of(4L, 2L, 3L));
      assertThat(read(file, "permuted").floats())
          .isEqualTo(base(24, i -> i / 6 + i / 3 % 2 * 12 + i % 3 * 4));
      assertThat(read(file, "channels_last").floats()).isEqualTo(base(24, i -> i));
    }
  }

  @Test
  void aStateDictOfAModuleIsReadWithItsBuffers() throws IOException {
    try (var file = TorchFile.open(resource("module.pt"))) {
      assertThat(file.entries().stream().map(TorchFile.Entry::name))
          .containsExactly(
              "0.weight",
              "0.bias",
              "1.weight",
              "1.bias",
              "1.running_mean",
              "1.running_var",
              "1.num_batches_tracked",
              "3.weight",
              "3.bias");
      assertThat(read(file, "0.weight").shape()).isEqualTo(List.of(2L, 1L, 3L, 3L));
      assertThat(read(file, "0.weight").floats()).startsWith(0.1717544f);
      assertThat(read(file, "3.bias").floats()).containsExactly(0.31045938f, -0.058891032f);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"checkpoint.pt", "protocol4.pt"})
  void theStateDictInACheckpointIsFound(String name) throws IOException {
    try (var file = TorchFile.open(resource(name))) {
      assertThat(file.entries()).hasSize(9);
      assertThat(read(file, "0.weight").floats()).startsWith(0.1727531f, -0.14612739f);
    }
  }

  @Test
  void aParameterIsItsTensor() throws IOException {
    try (var file = TorchFile.open(resource("parameter.pt"))) {
      assertThat(read(file, "weight").floats()).containsExactly(1, 1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "whole_module.pt, R0802, type torch.nn.modules.linear.Linear",
    "namespace.pt, R0802, type argparse.Namespace",
    "complex.pt, R0802, type torch.ComplexFloatStorage",
    "expanded.pt, R0804, wide repeats elements",
    "no_tensor.pt, R0804, 'no tensor in it, only epoch'",
    "whole_module_old.pt, R0802, type torch.nn.modules.linear.Linear",
    "script.pt, R0804, TorchScript",
  })
  void whatIsNotReadIsRefusedByName(String name, String code, String message) throws IOException {
    Path file = resource(name);
    assertThatThrownBy(() -> TorchFile.open(file))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(name)
        .hasMessageContaining(message)
        .extracting(e -> ((ModelcException) e).code())
        .isEqualTo(code);
  }

  @Test
  void anotherKindOfFileIsNamed() throws IOException {
    Path text = Files.writeString(folder.resolve("x.pt"), "hello");
    assertThatThrownBy(() -> TorchFile.open(text)).hasMessageContaining("no whole zip file");
    assertThatThrownBy(() -> TorchFile.open(folder.resolve("absent.pt")))
        .isInstanceOf(FileException.class)
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> TorchFile.open(folder)).isInstanceOf(FileException.class);
  }

  /** Cut anywhere or changed anywhere, a file gives its tensors or one error, nothing else. */
  @ParameterizedTest
  @ValueSource(strings = {"checkpoint.pt", "types_old.pt"})
  void aDamagedFileIsOneErrorOrHarmless(String name) throws IOException {
    byte[] sound = Files.readAllBytes(resource(name));
    Path file = folder.resolve("damaged.pt");
    int refused = 0;
    for (int cut = 0; cut < sound.length; cut += 97) {
      Files.write(file, java.util.Arrays.copyOf(sound, cut));
      refused += readAll(file);
    }
    int cuts = (sound.length + 96) / 97;
    assertThat(refused).isEqualTo(cuts); // the last bytes are those of the directory, or a storage
    var random = new java.util.Random(1);
    for (int i : IntStream.range(0, 600).toArray()) {
      byte[] changed = sound.clone();
      changed[random.nextInt(changed.length)] ^= (byte) (1 + random.nextInt(255));
      Files.write(file, changed);
      refused += readAll(file);
    }
    assertThat(refused).isGreaterThan(cuts + 50);
  }

  private static int readAll(Path path) {
    try (var file = TorchFile.open(path);
        Arena arena = Arena.ofConfined()) {
      file.entries().forEach(e -> file.read(e, arena));
      return 0;
    } catch (ModelcException e) {
      assertThat(e.code()).matches("R0[38]0[1-4]");
      return 1;
    }
  }
}
