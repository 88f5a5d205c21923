package modelc.runtime.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import modelc.runtime.ElementType;
import modelc.runtime.FileException;
import modelc.runtime.Kind;
import modelc.runtime.Safetensors;
import modelc.runtime.Tensor;
import modelc.runtime.Variable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights from file to file: contents are told apart, values kept, names PyTorch's again. */
class WeightsTest {
  /** The network of module.pt: Conv2d, BatchNorm2d, Flatten, Linear in a Sequential. */
  private static final List<Variable> NET =
      List.of(
          parameter("conv.w", 2, 1, 3, 3),
          parameter("conv.b", 2),
          parameter("bn.scale", 2),
          parameter("bn.shift", 2),
          parameter("fc.w", 2, 8),
          parameter("fc.b", 2),
          new Variable("bn.mu", Kind.STATE, ElementType.F32, List.of(2L)),
          new Variable("bn.var", Kind.STATE, ElementType.F32, List.of(2L)));

  @TempDir Path folder;

  private static Variable parameter(String name, long... shape) {
    return new Variable(
        name, Kind.PARAMETER, ElementType.F32, java.util.Arrays.stream(shape).boxed().toList());
  }

  private Path torchFile(String as) throws IOException {
    Path file = folder.resolve(as);
    try (InputStream in =
        WeightsTest.class.getResourceAsStream("/modelc/runtime/pytorch/module.pt")) {
      Files.copy(in, file);
    }
    return file;
  }

  private static float[] floats(WeightFile file, String name) {
    try (Arena arena = Arena.ofConfined()) {
      return file.read(file.tensor(name).orElseThrow(), ElementType.F32, arena)
          .data()
          .toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  @Test
  void aFileIsWhatItsContentIs() throws IOException {
    try (var file = WeightFile.open(torchFile("called.safetensors"))) {
      assertThat(file.tensors()).hasSize(9);
      assertThat(file.isOwn()).isFalse();
    }
    Path safetensors = folder.resolve("called.pt");
    Safetensors.write(safetensors, Map.of(), Map.of("a", Tensor.ofFloats(List.of(1L), 7)));
    try (var file = WeightFile.open(safetensors)) {
      assertThat(floats(file, "a")).containsExactly(7);
    }
    assertThatThrownBy(() -> WeightFile.open(folder.resolve("absent.pt")))
        .isInstanceOf(FileException.class);
  }

  @Test
  void doublesAreRounded() {
    Path path = folder.resolve("d.safetensors");
    var values = MemorySegment.ofArray(new double[] {0.1, 1e300});
    Safetensors.write(
        path, Map.of(), Map.of("d", Tensor.wrap(ElementType.F64, List.of(2L), values)));
    try (var file = WeightFile.open(path)) {
      assertThat(floats(file, "d")).containsExactly(0.1f, Float.POSITIVE_INFINITY);
      assertThat(WeightFile.converts(file.tensor("d").orElseThrow(), ElementType.I32)).isFalse();
    }
  }

  @Test
  void namesGoToOursAndBack() throws IOException {
    Path ours = folder.resolve("ours.safetensors");
    Path back = folder.resolve("back.safetensors");
    Path customs = folder.resolve("customs.safetensors");
    try (var torch = WeightFile.open(torchFile("module.pt"))) {
      Matching fromTorch = Matching.of(NET, torch.tensors(), Renaming.none());
      assertThat(fromTorch.isComplete()).isTrue();
      Weights.save(ours, "Net", torch, fromTorch);
      try (var mine = WeightFile.open(ours)) {
        assertThat(mine.isOwn()).isTrue();
        assertThat(mine.tensors()).hasSize(8);
        assertThat(floats(mine, "conv.w")).isEqualTo(floats(torch, "0.weight"));
        assertThat(floats(mine, "bn.var")).isEqualTo(floats(torch, "1.running_var"));
        Matching fromOurs = Matching.of(NET, mine.tensors(), Renaming.none());
        Weights.saveForTorch(back, mine, fromOurs, torch, fromTorch);
        Weights.saveForTorch(customs, mine, fromOurs);
      }
      try (var again = WeightFile.open(back)) {
        assertThat(again.tensors()).hasSameSizeAs(torch.tensors());
        for (var t : torch.tensors()) {
          var copy = again.tensor(t.name()).orElseThrow();
          assertThat(copy.shape()).isEqualTo(t.shape());
          assertThat(copy.type()).isEqualTo(t.type());
          if (t.type() == ElementType.F32) {
            assertThat(floats(again, t.name())).isEqualTo(floats(torch, t.name()));
          }
        }
      }
    }
    try (var file = WeightFile.open(customs)) {
      assertThat(file.tensors().stream().map(WeightFile.Stored::name))
          .containsExactlyInAnyOrder(
              "conv.weight",
              "conv.bias",
              "bn.weight",
              "bn.bias",
              "bn.running_mean",
              "bn.running_var",
              "bn.num_batches_tracked",
              "fc.weight",
              "fc.bias");
    }
  }
}
