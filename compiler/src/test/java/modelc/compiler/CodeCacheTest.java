package modelc.compiler;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import modelc.backend.cpu.Machine;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.ir.Precision;
import modelc.ir.tensor.Program;
import modelc.passes.Options;
import modelc.runtime.Call;
import modelc.runtime.Model;
import modelc.runtime.Session;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the cache gives back is what was compiled, whatever happened to its folder meanwhile. */
class CodeCacheTest {
  @TempDir Path folder;

  @Test
  void codeFromTheCacheRunsLikeNewCode() {
    Program program = program(2);
    Compiled fresh = compiler().compile(program);
    Compiled found = compiler().compile(program);

    assertThat(fresh.cached()).isFalse();
    assertThat(found.cached()).isTrue();
    assertThat(found.spec()).isEqualTo(fresh.spec());
    assertThat(found.kernels()).isEqualTo(fresh.kernels());
    assertThat(run(found)).isEqualTo(run(fresh)).isEqualTo(8f);
  }

  @Test
  void kernelsForGpusAreFoundAgain() {
    Program program = program(2);
    Options tf32 = Options.DEFAULT.withPrecision(Precision.TF32);
    for (Options options : List.of(Options.DEFAULT, tf32)) {
      var compiler = new Compiler(options, Machine.host(), Optional.of(new CodeCache(folder)));
      Compiler.OnDevice fresh = compiler.forDevices(program);
      Compiler.OnDevice found = compiler.forDevices(program);
      assertThat(fresh.cached()).isFalse();
      assertThat(found.cached()).isTrue();
      assertThat(found.spec()).isEqualTo(fresh.spec());
      assertThat(found.program()).isEqualTo(fresh.program());
    }
  }

  @Test
  void anotherProgramOrOtherOptionsAreAnotherKey() {
    Options usual = Options.DEFAULT;
    Machine here = Machine.host();
    CodeKey key = CodeKey.of(program(2), usual, here);

    assertThat(CodeKey.of(program(2), usual, here)).isEqualTo(key);
    assertThat(CodeKey.of(program(3), usual, here)).isNotEqualTo(key);
    assertThat(CodeKey.of(program(2), usual.withFuse(false), here)).isNotEqualTo(key);
    assertThat(CodeKey.of(program(2), usual, Machine.named("x86-64-v3"))).isNotEqualTo(key);
    assertThat(CodeKey.of(program(2), usual, List.of(80))).isNotEqualTo(key);
    assertThat(CodeKey.of(program(2), usual, List.of(80)))
        .isNotEqualTo(CodeKey.of(program(2), usual.withPrecision(Precision.BF16), List.of(80)));
  }

  @Test
  void damagedEntriesAreCompiledAnew() throws IOException {
    Program program = program(2);
    compiler().compile(program);
    Path file = new CodeCache(folder).files().getFirst();
    byte[] whole = Files.readAllBytes(file);

    var damaged = new ArrayList<byte[]>();
    for (int at : new int[] {0, 20, 60, whole.length / 2, whole.length - 1}) {
      byte[] flipped = whole.clone();
      flipped[at] ^= 4;
      damaged.add(flipped);
    }
    for (int length : new int[] {0, 10, 46, whole.length - 1}) {
      damaged.add(Arrays.copyOf(whole, length));
    }
    for (byte[] bytes : damaged) {
      Files.write(file, bytes);
      assertThat(run(compiler().compile(program))).isEqualTo(8f);
      assertThat(Files.readAllBytes(file)).hasSameSizeAs(whole);
      assertThat(compiler().compile(program).cached()).isTrue();
    }
  }

  @Test
  void manyMayStartAtOnce() throws Exception {
    int starts = 6;
    var barrier = new CyclicBarrier(starts);
    Callable<Float> start =
        () -> {
          Program program = program(2);
          barrier.await();
          return run(compiler().compile(program));
        };
    try (var pool = Executors.newFixedThreadPool(starts)) {
      var results = new ArrayList<Future<Float>>();
      for (int i = 0; i < starts; i++) {
        results.add(pool.submit(start));
      }
      for (Future<Float> result : results) {
        assertThat(result.get()).isEqualTo(8f);
      }
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).hasSize(1);
    }
    assertThat(compiler().compile(program(2)).cached()).isTrue();
  }

  /** A process that compiles once all others are there. */
  static final class FirstStart {
    private FirstStart() {}

    public static void main(String[] args) throws Exception {
      Path cache = Path.of(args[0]);
      Program program = program(2);
      System.out.println("ready");
      while (!Files.exists(cache.resolveSibling("go"))) {
        Thread.sleep(1);
      }
      var compiler =
          new Compiler(Options.DEFAULT, Machine.host(), Optional.of(new CodeCache(cache)));
      System.out.println("gives " + run(compiler.compile(program)));
    }
  }

  @Test
  @Tag("slow")
  void twentyProcessesMayStartAtOnce() throws Exception {
    Path cache = folder.resolve("cache");
    var processes = new ArrayList<Process>();
    var said = new ArrayList<Path>();
    for (int i = 0; i < 20; i++) {
      said.add(folder.resolve("said" + i));
      processes.add(
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "--enable-native-access=ALL-UNNAMED",
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "-Xmx128m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  FirstStart.class.getName(),
                  cache.toString())
              .redirectErrorStream(true)
              .redirectOutput(said.get(i).toFile())
              .start());
    }
    for (int i = 0; i < said.size(); i++) {
      while (processes.get(i).isAlive() && !Files.readString(said.get(i)).contains("ready")) {
        Thread.sleep(10);
      }
    }
    Files.createFile(folder.resolve("go"));
    for (int i = 0; i < said.size(); i++) {
      assertThat(processes.get(i).waitFor()).as(Files.readString(said.get(i))).isZero();
      assertThat(said.get(i)).content().endsWith("gives 8.0\n");
    }
    try (Stream<Path> files = Files.list(cache)) {
      assertThat(files).hasSize(1);
    }
    var later = new Compiler(Options.DEFAULT, Machine.host(), Optional.of(new CodeCache(cache)));
    assertThat(later.compile(program(2)).cached()).isTrue();
    System.out.println("20 first starts at once: every result right, one entry, whole");
  }

  @Test
  void theLongestUnusedGoFirst() throws IOException {
    var cache = new CodeCache(folder, 3500);
    for (int i = 0; i < 3; i++) {
      keep(cache, i, 1000);
      Files.setLastModifiedTime(cache.file(key(i)), FileTime.from(Instant.ofEpochSecond(1000 + i)));
    }
    assertThat(cache.files()).hasSize(3);

    assertThat(keep(cache, 0, 1000).cached()).isTrue();
    keep(cache, 3, 1000);

    assertThat(cache.files())
        .containsExactlyInAnyOrder(cache.file(key(0)), cache.file(key(2)), cache.file(key(3)));
  }

  @Test
  void whatIsLargerThanTheCacheIsNotKept() throws IOException {
    var cache = new CodeCache(folder, 3500);
    keep(cache, 0, 1000);
    keep(cache, 1, 4000);

    assertThat(cache.files()).containsExactly(cache.file(key(0)));
  }

  @Test
  void abandonedFilesAreRemovedAndOthersLeftAlone() throws IOException {
    Path old = Files.write(folder.resolve("a.tmp"), new byte[10]);
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minusSeconds(7200)));
    Path written = Files.write(folder.resolve("b.tmp"), new byte[10]);
    Path other = Files.write(folder.resolve("notes.txt"), new byte[10]);

    keep(new CodeCache(folder), 0, 10);

    assertThat(old).doesNotExist();
    assertThat(written).exists();
    assertThat(other).exists();
  }

  @Test
  void aFolderThatCannotBeMadeOnlyCostsTime() throws IOException {
    Path file = Files.write(folder.resolve("file"), new byte[1]);
    var compiler =
        new Compiler(
            Options.DEFAULT, Machine.host(), Optional.of(new CodeCache(file.resolve("cache"))));

    assertThat(run(compiler.compile(program(2)))).isEqualTo(8f);
    assertThat(compiler.compile(program(2)).cached()).isFalse();
  }

  @Test
  void theFolderIsTheUsersOwn() throws IOException {
    Path own = folder.resolve("x").resolve("modelc");
    keep(new CodeCache(own), 0, 10);

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(own)))
        .isEqualTo("rwx------");
  }

  @Test
  void theEnvironmentSaysWhere() {
    assertThat(CodeCache.ofEnvironment(Map.of("MODELC_CACHE", "off", "HOME", "/h"))).isEmpty();
    assertThat(CodeCache.ofEnvironment(Map.of())).isEmpty();
    assertThat(place(Map.of("HOME", "/h"))).isEqualTo(Path.of("/h/.cache/modelc"));
    assertThat(place(Map.of("HOME", "/h", "XDG_CACHE_HOME", "/c"))).isEqualTo(Path.of("/c/modelc"));
    assertThat(place(Map.of("HOME", "/h", "XDG_CACHE_HOME", "c")))
        .isEqualTo(Path.of("/h/.cache/modelc"));
    assertThat(place(Map.of("HOME", "/h", "MODELC_CACHE", "/m"))).isEqualTo(Path.of("/m"));
  }

  private static Path place(Map<String, String> environment) {
    CodeCache cache = CodeCache.ofEnvironment(environment).orElseThrow();
    return Objects.requireNonNull(cache.file(key(0)).getParent());
  }

  private Compiler compiler() {
    return new Compiler(Options.DEFAULT, Machine.host(), Optional.of(new CodeCache(folder)));
  }

  private static CodeKey key(int i) {
    byte[] bytes = Integer.toString(i).getBytes(StandardCharsets.US_ASCII);
    return new CodeKey(CodeKey.sha256(bytes, 0, bytes.length));
  }

  /** Looks for code of so many bytes under a key, and keeps it there if it is not found. */
  private static CodeCache.Found<CachedCode> keep(CodeCache cache, int key, int bytes) {
    return cache.get(
        key(key),
        CachedCode::read,
        CachedCode::write,
        () -> new CachedCode(List.of(), new KernelCounts(Map.of()), List.of(new byte[bytes])));
  }

  private static Program program(int factor) {
    String text =
        """
        model Times(factor: int = 2) {
            input x: f32[4]
            output y = x * factor
        }
        """;
    var options =
        new FrontendOptions(
            Map.of("factor", Integer.toString(factor)),
            Map.of(),
            _ -> {
              throw new AssertionError("no data is asked for");
            });
    Program all = Frontend.load("times.model", text, options).program();
    return new Program(all.model(), List.of(all.entry("infer")));
  }

  /** The last element of y for x = (1, 2, 3, 4). */
  private static float run(Compiled compiled) {
    try (Model model = compiled.load();
        Session session = model.open(1)) {
      Call call = session.call("infer").size("batch", 1);
      var x = call.input("x");
      for (int i = 0; i < 4; i++) {
        x.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, i + 1);
      }
      call.run();
      return call.output("y").data().getAtIndex(ValueLayout.JAVA_FLOAT, 3);
    }
  }
}
