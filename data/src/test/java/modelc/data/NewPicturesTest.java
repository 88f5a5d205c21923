package modelc.data;

import static modelc.data.ImageFolderTest.refused;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import modelc.runtime.Column;
import modelc.runtime.ElementType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures without answers, on a recipe's way. */
class NewPicturesTest {
  @TempDir Path folder;

  private static Column image(long channels, long height, long width) {
    return new Column("image", ElementType.F32, List.of(channels, height, width));
  }

  private Path png(String name, int height, int width) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, TestImages.png(height, width, 3));
  }

  private NewPictures.Prepared read(Path file, Column image, Step... transforms) {
    var request =
        new Request(
            new Step("image_folder", List.of("nowhere"), Map.of()),
            List.of(transforms),
            List.of(),
            folder,
            1);
    return Data.pictures(List.of(file), Optional.of(request), image).read(0);
  }

  private static Step step(String name, Object... arguments) {
    return new Step(name, List.of(arguments), Map.of());
  }

  @Test
  void eachPartKnowsWhichRectangleItShows() throws IOException {
    Path file = png("a.png", 20, 40);
    var cover = new Step("resize", List.of(10L), Map.of("fit", "cover"));
    assertThat(read(file, image(3, 10, 10), cover).parts())
        .extracting(NewPictures.Part::frame)
        .containsExactly(new Frame(0, 10, 20, 20));
    // Half the size, then a pixel more on each side, then its middle.
    List<Object> half = List.of(10L, 20L);
    NewPictures.Prepared p =
        read(
            file,
            image(1, 8, 8),
            step("resize", half),
            step("pad", 1L),
            step("crop", 8L),
            step("augment", step("flip")));
    assertThat(p.parts())
        .extracting(NewPictures.Part::frame)
        .containsExactly(new Frame(2, 12, 16, 16));
    assertThat(p.parts().getFirst().image().channels()).isEqualTo(1);
    assertThat(p.stretched()).isFalse();
    assertThat(p.picture().height()).isEqualTo(20);
    assertThat(read(file, image(3, 20, 20), step("tiles", 20L)).parts())
        .extracting(NewPictures.Part::frame)
        .containsExactly(new Frame(0, 0, 20, 20), new Frame(0, 20, 20, 20));
  }

  @Test
  void whatTheRecipeDoesNotFitIsStretched() throws IOException {
    Path file = png("a.png", 20, 40);
    NewPictures.Prepared p = Data.pictures(List.of(file), Optional.empty(), image(3, 5, 5)).read(0);
    assertThat(p.stretched()).isTrue();
    assertThat(p.parts()).hasSize(1);
    assertThat(p.parts().getFirst().frame()).isEqualTo(new Frame(0, 0, 20, 40));
    assertThat(p.parts().getFirst().image().width()).isEqualTo(5);
    var digits = Request.of("digits", List.of(), Map.of(), folder);
    var padded = new Request(digits.source(), List.of(step("pad", 2L)), List.of(), folder, 1);
    NewPictures.Prepared d =
        Data.pictures(List.of(file), Optional.of(padded), image(1, 32, 32)).read(0);
    assertThat(d.stretched()).isTrue();
    assertThat(d.parts().getFirst().image().height()).isEqualTo(32);
    float[] shades = new float[32 * 32];
    d.parts().getFirst().image().writeShades(MemorySegment.ofArray(shades));
    assertThat(shades[0]).isZero(); // the padding
  }

  @Test
  void foldersZipFilesAndFilesAreRead() throws IOException {
    png("in/b.png", 4, 4);
    png("in/deep/a.png", 4, 4);
    Files.writeString(folder.resolve("in/notes.txt"), "x");
    Path zip = folder.resolve("p.zip");
    try (var out = new ZipOutputStream(Files.newOutputStream(zip))) {
      for (String name : List.of("../evil.png", "z/ok.png")) {
        out.putNextEntry(new ZipEntry(name));
        out.write(TestImages.png(4, 4, 1));
      }
    }
    NewPictures all =
        Data.pictures(
            List.of(folder.resolve("in"), zip, folder.resolve("in/b.png")),
            Optional.empty(),
            image(3, 4, 4));
    assertThat(all.count()).isEqualTo(4);
    assertThat(List.of(all.path(0), all.path(1), all.path(2), all.path(3)))
        .containsExactly("b.png", "deep/a.png", "z/ok.png", "b.png");
    assertThat(all.name(3)).endsWith("in/b.png");
    assertThat(all.notes()).singleElement().asString().contains("notes.txt");
    assertThat(all.read(2).stretched()).isFalse();
  }

  @Test
  void whatIsNoPictureIsNamed() throws IOException {
    Files.writeString(folder.resolve("bad.jpg"), "x");
    NewPictures bad =
        Data.pictures(List.of(folder.resolve("bad.jpg")), Optional.empty(), image(3, 4, 4));
    refused("D0415", "bad.jpg", () -> bad.read(0));
    Files.createDirectories(folder.resolve("empty"));
    List<Path> empty = List.of(folder.resolve("empty"));
    refused("D0406", "empty", () -> Data.pictures(empty, Optional.empty(), image(3, 4, 4)));
    refused("D0416", "f32[4,4,4]", () -> Data.pictures(empty, Optional.empty(), image(4, 4, 4)));
  }
}
