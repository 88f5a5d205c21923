package modelc.frontend.elaborate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import modelc.frontend.Checked;
import modelc.frontend.FakeCatalog;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.frontend.diagnostic.DiagnosticException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImportTest {
  @TempDir Path folder;

  private Checked load() throws IOException {
    return Frontend.load(folder.resolve("main.model"), FrontendOptions.of(new FakeCatalog()));
  }

  private void write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  @Test
  void filesImportFromFoldersBelowAndBeside() throws IOException {
    write(
        "main.model",
        """
        import head from "parts/heads.model"
        import twice from "twice.model"
        model M { input x: f32[4];  output y = x -> head(2) -> twice }
        """);
    write(
        "parts/heads.model",
        """
        import twice from "../twice.model"
        layer head(n: int)  x: [batch, c] { return x -> dense(n) -> twice }
        """);
    write("twice.model", "fn twice(x: [...]) -> [...] { return 2 * x }");
    assertThat(load().summary().totalParameters()).isEqualTo(10);
  }

  @Test
  void aFileMayShadowTheLibraryWhichNeverSeesIt() throws IOException {
    write(
        "main.model",
        """
        fn zeros(shape: shape) { return fill(shape, 5) }
        model M {
            input x: f32[4]
            param p: [3] = zeros()
            output y = x -> dense(2)
        }
        """);
    Checked c = load();
    var first = modelc.frontend.Models.init(c, 1);
    assertThat(first.get("p").data()).containsOnly(5);
    assertThat(first.get("dense.b").data()).containsOnly(0);
  }

  @Test
  void symbolicLinksDoNotLeadOutside() throws IOException {
    Path outside = Files.createTempFile("outside", ".model");
    Files.writeString(outside, "fn f(x) { return x }");
    write(
        "main.model",
        "import f from \"link.model\"\nmodel M { input x: f32[4];  output y = f(x) }");
    Files.createSymbolicLink(folder.resolve("link.model"), outside);
    assertThatThrownBy(this::load)
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("E0603");
    Files.delete(outside);
  }

  @Test
  void errorsInImportedFilesNameThem() throws IOException {
    write(
        "main.model",
        "import f from \"sub/a.model\"\nmodel M { input x: f32[4];  output y = f(x) }");
    write("sub/a.model", "fn f(x) {\n    return y\n}");
    assertThatThrownBy(this::load)
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("sub/a.model:2:12");
  }

  @Test
  void aMissingFileIsAnInputError() {
    assertThatThrownBy(this::load).isInstanceOf(IOException.class);
  }

  @Test
  void bytesThatAreNoTextAreRefused() throws IOException {
    Files.write(folder.resolve("main.model"), new byte[] {(byte) 0xff, (byte) 0xfe, 0x41});
    assertThatThrownBy(this::load)
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("E0107")
        .hasMessageContaining(":1:1");
  }
}
