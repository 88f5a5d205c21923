package modelc.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Libraries as files: what is written is read back, and nothing else passes. */
class ArtifactTest {
  private static final String HASH = "ab".repeat(32);
  private static final Artifact.Origin ORIGIN =
      new Artifact.Origin(
          "1.0", hostTriple(), "x86-64-v3", List.of("avx2", "fma"), HASH, "cd".repeat(32));

  @TempDir Path folder;

  private static String hostTriple() {
    String arch = System.getProperty("os.arch");
    return (arch.equals("amd64") ? "x86_64" : arch) + "-unknown-linux-gnu";
  }

  /** A file that is sealed as a library is, around bytes that are none. */
  private Path sealed(String description) {
    byte[] text = description.getBytes(StandardCharsets.UTF_8);
    byte[] library = new byte[1000 + text.length];
    Arrays.fill(library, (byte) '{');
    System.arraycopy(text, 0, library, 700, text.length);
    Path file = folder.resolve("x.so");
    Artifact.write(file, library, description);
    return file;
  }

  private static void refused(Path file, String code) {
    assertThatThrownBy(() -> Artifact.open(file))
        .isInstanceOfSatisfying(
            ModelcException.class,
            e -> {
              assertThat(e.code()).as(e.getMessage()).isEqualTo(code);
              assertThat(e.place()).contains(file.toString());
              assertThat(e.cure()).isNotBlank();
            });
  }

  @Test
  void aDescriptionIsReadBackAsItWasWritten() {
    ModelSpec spec = LinearModel.spec();
    Artifact read = Artifact.open(sealed(Artifact.describe(spec, ORIGIN)));
    assertThat(read.spec()).isEqualTo(spec);
    assertThat(read.origin()).isEqualTo(ORIGIN);
  }

  @Test
  void sizesThatAreProductsAndRangesAreReadBack() {
    var shape =
        List.of(new DimSpec(28, List.of("batch", "time")), DimSpec.of("batch"), DimSpec.of(0));
    var range = new IndexRange(10, List.of(-100L, 255L));
    var entry =
        new EntrySpec(
            "infer",
            List.of(
                new ArgumentSpec("x \"y\"\n", Kind.INPUT, ElementType.I64, shape),
                new ArgumentSpec("label", Kind.INPUT, ElementType.I32, shape, Optional.of(range))),
            List.of(),
            List.of("batch", "time"),
            7);
    var symbols = List.of(new SymbolSpec("batch", 3), new SymbolSpec("time", 9));
    var spec = new ModelSpec("ünïcode", symbols, List.of(entry));
    assertThat(Artifact.open(sealed(Artifact.describe(spec, ORIGIN))).spec()).isEqualTo(spec);
  }

  @Test
  void everyChangedByteAndEveryCutIsFound() throws IOException {
    Path file = sealed(Artifact.describe(LinearModel.spec(), ORIGIN));
    byte[] good = Files.readAllBytes(file);
    var random = new Random(1);
    for (int i = 0; i < 300; i++) {
      byte[] bad = good.clone();
      bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
      Files.write(file, bad);
      assertThatThrownBy(() -> Artifact.open(file)).isInstanceOf(DataException.class);
      Files.write(file, Arrays.copyOf(good, random.nextInt(good.length)));
      assertThatThrownBy(() -> Artifact.open(file)).isInstanceOf(DataException.class);
    }
  }

  @Test
  void otherFilesAreRefused() throws IOException {
    refused(folder.resolve("absent.so"), "R0707");
    refused(Files.write(folder.resolve("empty.so"), new byte[0]), "R0701");
    refused(Files.write(folder.resolve("zeros.so"), new byte[4096]), "R0701");
    refused(folder, "R0708");
  }

  @Test
  void otherVersionsAndFormsAreRefused() {
    String good = Artifact.describe(LinearModel.spec(), ORIGIN);
    refused(sealed(good.replace("\"abi_version\": 1", "\"abi_version\": 2")), "R0704");
    refused(sealed(good.replace("\"kind\": \"input\"", "\"kind\": \"inptu\"")), "R0702");
    refused(sealed(good.replace("\"type\": \"f32\"", "\"type\": 32")), "R0702");
    refused(sealed(good.replace("\"batch\"]", "\"8**batch\"]")), "R0702");
    refused(sealed(good.replace("\"replaces\": 0", "\"replaces\": 99")), "R0101");
    refused(sealed(good.replace(HASH, HASH.substring(1))), "R0702");
    refused(sealed("[]"), "R0702");
    refused(sealed("{"), "R0702");
  }

  @Test
  void aLibraryForAnotherMachineIsNotLoaded() {
    var wasm = new Artifact.Origin("1", "wasm32-unknown-unknown", "generic", List.of(), HASH, HASH);
    var wide = new Artifact.Origin("1", hostTriple(), "x", List.of("no_such_feature"), HASH, HASH);
    for (Artifact.Origin o : List.of(wasm, wide)) {
      Artifact artifact = Artifact.open(sealed(Artifact.describe(LinearModel.spec(), o)));
      assertThatThrownBy(artifact::load)
          .isInstanceOfSatisfying(
              UsageException.class, e -> assertThat(e.code()).isEqualTo("R0705"));
    }
  }

  @Test
  void aResourceThatIsNoneOrDamagedIsRefusedAndLeavesNoFile() {
    for (String resource : List.of("absent.so", "ArtifactTest.class")) {
      assertThatThrownBy(() -> Model.load(ArtifactTest.class, resource))
          .isInstanceOfSatisfying(
              ModelcException.class,
              e -> {
                assertThat(e.code()).isEqualTo(resource.equals("absent.so") ? "R0710" : "R0701");
                assertThat(e.place()).isPresent();
              });
    }
  }

  /** A class of a loader whose resources cannot be read to their end. */
  private static final class Broken extends ClassLoader {
    private Class<?> anchor() throws IOException {
      try (InputStream in = ArtifactTest.class.getResourceAsStream("ArtifactTest.class")) {
        byte[] bytes = in.readAllBytes();
        return defineClass(ArtifactTest.class.getName(), bytes, 0, bytes.length);
      }
    }

    @Override
    public InputStream getResourceAsStream(String name) {
      return new InputStream() {
        @Override
        public int read() throws IOException {
          throw new IOException("the jar is cut short");
        }

        @Override
        public int read(byte[] into, int from, int count) throws IOException {
          return read();
        }
      };
    }
  }

  @Test
  void aResourceThatCannotBeCopiedIsRefused() throws IOException {
    Class<?> anchor = new Broken().anchor();
    assertThatThrownBy(() -> Model.load(anchor, "lib.so"))
        .isInstanceOfSatisfying(
            FileException.class,
            e -> {
              assertThat(e.code()).isEqualTo("R0711");
              assertThat(e.getMessage()).contains("the jar is cut short");
              assertThat(e.cure()).contains("java.io.tmpdir");
            });
  }

  @Test
  void whatTheSystemsLoaderRefusesIsOneMessage() {
    var any = new Artifact.Origin("1", hostTriple(), "x", List.of(), HASH, HASH);
    Artifact artifact = Artifact.open(sealed(Artifact.describe(LinearModel.spec(), any)));
    assertThatThrownBy(artifact::load)
        .isInstanceOfSatisfying(
            NativeException.class, e -> assertThat(e.code()).isEqualTo("R0706"));
  }
}
