package modelc.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import modelc.backend.llvm.LlvmCompiler;
import modelc.backend.llvm.LlvmTarget;
import modelc.ir.DType;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopProgram;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Program;
import modelc.passes.Options;
import modelc.passes.Pipeline;
import modelc.passes.testing.OpCase;
import modelc.passes.testing.OpCase.Range;
import modelc.passes.testing.OpTable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every op over its hostile shapes in a C program outside of the JVM, as code that checks itself:
 * no access outside of a buffer, none misaligned, no undefined arithmetic.
 */
@Tag("sanitize")
class SanitizerTest {
  private static final int CASES_AN_OBJECT = 40;
  private static final Path HARNESS = Path.of("src/test/c/sanitize.c").toAbsolutePath();

  @TempDir Path folder;
  private final List<Path> objects = new ArrayList<>();
  private final StringBuilder declarations = new StringBuilder();
  private final StringBuilder entries = new StringBuilder();
  private int count;

  static List<Machine> machines() {
    return Machines.both();
  }

  @ParameterizedTest
  @MethodSource("machines")
  void everyOpIsCleanFused(Machine machine) throws Exception {
    everyOpIsClean(machine, true);
  }

  @ParameterizedTest
  @MethodSource("machines")
  void everyOpIsCleanOnItsOwn(Machine machine) throws Exception {
    everyOpIsClean(machine, false);
  }

  private void everyOpIsClean(Machine machine, boolean fused) throws Exception {
    List<OpCase> cases = OpTable.cases();
    for (int from = 0; from < cases.size(); from += CASES_AN_OBJECT) {
      int to = Math.min(cases.size(), from + CASES_AN_OBJECT);
      add(cases.subList(from, to), machine, fused, 0);
    }
    String said = run(0);
    System.out.print(machine.cpu() + (fused ? ", fused: " : ", unfused: ") + said);
    assertThat(said).isEqualTo(cases.size() + " entries clean\n");
  }

  /** The checks find what they are for. */
  @Test
  void anElementTooFewIsFound() throws Exception {
    OpCase add =
        OpTable.cases().stream()
            .filter(c -> c.name().startsWith("add[7]"))
            .findFirst()
            .orElseThrow();
    add(List.of(add), Machine.named("x86-64-v3"), true, 1);
    assertThat(run(1)).contains("AddressSanitizer: heap-buffer-overflow");
  }

  @Test
  void undefinedBehaviourIsFound() throws Exception {
    var target = new LlvmTarget(Machine.host().triple(), "x86-64-v3", "");
    String ir =
        """
        define i32 @modelc_c0(ptr %slots, i32 %tid, i32 %nthreads) nounwind {
          %d = sdiv i32 1, %tid
          ret i32 %d
        }
        """;
    objects.add(Files.write(folder.resolve("x.o"), LlvmCompiler.sanitized(ir, target).bytes()));
    var entry = new LoopEntry("c0", List.of(), List.of(), 0, List.of());
    declare("divides", List.of(), entry, new long[0], List.of(), 0);
    assertThat(run(1)).contains("divides: undefined behaviour: division");
  }

  /** Compiles cases as entries of one program. */
  private void add(List<OpCase> cases, Machine machine, boolean fused, int missing)
      throws IOException {
    var all = new ArrayList<Entry>();
    for (OpCase c : cases) {
      Entry e = c.program().entries().getFirst();
      all.add(new Entry("c" + (count + all.size()), e.arguments(), e.results()));
    }
    LoopProgram loops =
        Pipeline.lower(new Program("ops", all), machine.target(), Options.DEFAULT.withFuse(fused))
            .program();
    var target = new LlvmTarget(machine.triple(), machine.cpu(), machine.features());
    byte[] object = LlvmCompiler.sanitized(new CpuBackend(machine).llvmIr(loops), target).bytes();
    objects.add(Files.write(folder.resolve("ops" + objects.size() + ".o"), object));
    for (int i = 0; i < cases.size(); i++) {
      OpCase c = cases.get(i);
      LoopEntry e = loops.entries().get(i);
      long[] sizes = e.symbols().stream().mapToLong(s -> c.symbols().get(s)).toArray();
      var elements =
          e.arguments().stream()
              .map(a -> a.elements().evaluate(s -> c.symbols().getOrDefault(s, s.max())))
              .toList();
      declare(c.name(), c.ranges(), e, sizes, elements, missing);
    }
  }

  private void declare(
      String name,
      List<Range> ranges,
      LoopEntry e,
      long[] sizes,
      List<Long> elements,
      int missing) {
    declarations.append("extern int32_t modelc_").append(e.name());
    declarations.append("(void **, int32_t, int32_t);\nstatic const struct argument ");
    declarations.append(e.name()).append("[] = {");
    for (int i = 0; i < elements.size(); i++) {
      Range r = i < ranges.size() ? ranges.get(i) : new Range(0, 1);
      declarations.append(
          String.format(
              Locale.ROOT,
              "{'%c', %d, %.17g, %.17g}, ",
              letter(e.arguments().get(i).dtype()),
              elements.get(i) - missing,
              r.low(),
              r.high()));
    }
    declarations.append("{0}};\n");
    entries.append("{\"").append(name).append("\", modelc_").append(e.name()).append(", ");
    entries.append(e.arenaBytes()).append(", ").append(sizes.length).append(", {");
    entries.append(sizes.length == 0 ? "0" : Arrays.toString(sizes).replaceAll("[\\[\\]]", ""));
    entries.append("}, ").append(elements.size()).append(", ").append(e.name()).append("},\n");
    count++;
  }

  private static char letter(DType dtype) {
    return switch (dtype) {
      case F32 -> 'f';
      case F64 -> 'd';
      case I32 -> 'i';
      case I64 -> 'l';
      case BOOL -> 'b';
    };
  }

  /** What the harness with all objects prints; it must exit with success or not, as asked. */
  private String run(int expected) throws IOException, InterruptedException {
    assumeTrue(
        Stream.of(System.getenv("PATH").split(":", -1))
            .anyMatch(p -> Files.isExecutable(Path.of(p, "gcc"))),
        "skipped: no gcc");
    String harness = Files.readString(HARNESS);
    String structures =
        harness.substring(harness.indexOf("typedef"), harness.indexOf("extern const"));
    Path table = folder.resolve("table.c");
    Files.writeString(
        table,
        "#include <stdint.h>\n"
            + structures
            + declarations
            + "const struct entry entries[] = {\n"
            + entries
            + "};\nconst int entry_count = "
            + count
            + ";\n");
    Path program = folder.resolve("sanitize");
    var command = new ArrayList<>(List.of("gcc", "-g", "-fsanitize=address,undefined"));
    command.addAll(List.of("-o", program.toString(), HARNESS.toString(), table.toString()));
    objects.forEach(o -> command.add(o.toString()));
    command.addAll(List.of("-lpthread", "-no-pie"));
    start(command, 0);
    return start(List.of(program.toString()), expected);
  }

  private static String start(List<String> command, int expected)
      throws IOException, InterruptedException {
    Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(Math.min(1, p.waitFor())).as(said).isEqualTo(expected);
    return said;
  }
}
