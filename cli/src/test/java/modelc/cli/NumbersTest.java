package modelc.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.bundle.Numbers;
import modelc.compiler.Compiler;
import modelc.compiler.Libraries;
import modelc.frontend.DataCatalog;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.ir.tensor.Program;
import modelc.runtime.DataException;
import modelc.runtime.Safetensors;
import modelc.runtime.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model in a bundle is checked by numbers that were computed elsewhere. */
class NumbersTest {
  private static final String TWICE =
      """
      model Twice() {
          input x: f32[3]
          output y = 2.0 * x
      }
      """;

  @TempDir Path folder;

  @BeforeEach
  void compile() throws IOException {
    DataCatalog none = _ -> List.of();
    Program program = Frontend.load("twice.model", TWICE, FrontendOptions.of(none)).program();
    Libraries.write(
        new Compiler().compile(program), program, Optional.empty(), folder.resolve("twice.so"));
  }

  private void write(float... expected) {
    var given = Tensor.ofFloats(List.of(2L, 3L), 1, 2, 3, 4, 5, 6);
    var wanted = Tensor.ofFloats(List.of(2L, 3L), expected);
    var two =
        new Numbers.Case(
            "two rows",
            "infer",
            Map.of("batch", 2L),
            1e-6,
            Map.of("x", given),
            Map.of("y", wanted));
    new Numbers(List.of(two)).write(folder.resolve("twice.numbers.safetensors"));
  }

  private int check() {
    return modelc.bundle.Main.run(folder.resolve("twice").toString(), "check");
  }

  @Test
  void rightNumbersAreRight() {
    write(2, 4, 6, 8, 10, 12);
    assertThat(check()).isZero();
  }

  @Test
  void wrongNumbersAreTold() {
    write(2, 4, 6, 8, 10.001f, 12);
    assertThat(check()).isEqualTo(1);
  }

  @Test
  void aFileWithoutNumbersIsRefused() {
    assertThat(check()).isEqualTo(3);
    Path file = folder.resolve("twice.numbers.safetensors");
    Safetensors.write(file, Map.of(), Map.of("x", Tensor.ofFloats(List.of(1L), 1)));
    assertThat(check()).isEqualTo(1);
    try (Arena arena = Arena.ofConfined()) {
      assertThatThrownBy(() -> Numbers.read(file, arena))
          .isInstanceOfSatisfying(DataException.class, e -> assertThat(e.code()).isEqualTo("C0126"))
          .hasMessageContaining("has no numbers to check a model by");
    }
  }
}
