package modelc.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import modelc.ptx.PtxFault.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Matrix products of a warp against plain loops. The fragments' layouts are written here once more,
 * element by element as in the tables of the PTX reference, and addressed by the test's own PTX.
 */
class MatrixTest {
  private static final int ROWS = 16;
  private static final int COLUMNS = 8;

  /** Row and column of the i-th value of a lane's fragment. */
  private interface Place {
    int[] of(int lane, int i);
  }

  private static int[] placeOfA(String type, int lane, int i) {
    int g = lane / 4;
    int t = lane % 4;
    if (type.equals("tf32")) {
      return switch (i) {
        case 0 -> new int[] {g, t};
        case 1 -> new int[] {g + 8, t};
        case 2 -> new int[] {g, t + 4};
        default -> new int[] {g + 8, t + 4};
      };
    }
    int row = i < 2 || i >= 4 && i < 6 ? g : g + 8;
    int column = i < 4 ? t * 2 + i % 2 : t * 2 + i % 2 + 8;
    return new int[] {row, column};
  }

  private static int[] placeOfB(String type, int lane, int i) {
    int g = lane / 4;
    int t = lane % 4;
    if (type.equals("tf32")) {
      return new int[] {i == 0 ? t : t + 4, g};
    }
    return new int[] {i < 2 ? t * 2 + i : t * 2 + i - 2 + 8, g};
  }

  private static int[] placeOfC(int lane, int i) {
    return new int[] {i < 2 ? lane / 4 : lane / 4 + 8, lane % 4 * 2 + i % 2};
  }

  /** Bits that the format cannot hold are there, and not looked at. */
  private static long bits(String type, float x) {
    return switch (type) {
      case "tf32" -> Float.floatToRawIntBits(x) & 0xffff_ffffL;
      case "bf16" -> Float.floatToRawIntBits(x) >>> 16 & 0xffffL;
      default -> Float.floatToFloat16(x) & 0xffffL;
    };
  }

  private static double value(String type, long bits) {
    return switch (type) {
      case "tf32" -> Float.intBitsToFloat((int) bits >> 13 << 13);
      case "bf16" -> Float.intBitsToFloat((int) bits << 16);
      default -> Float.float16ToFloat((short) bits);
    };
  }

  /** The registers of all lanes that hold a matrix. */
  private static int[] fragments(int perLane, int perRegister, Place place, long[][] matrix) {
    int registers = perLane / perRegister;
    var out = new int[32 * registers];
    for (int lane = 0; lane < 32; lane++) {
      for (int i = 0; i < perLane; i++) {
        int[] at = place.of(lane, i);
        int shift = perRegister == 2 ? i % 2 * 16 : 0;
        out[lane * registers + i / perRegister] |= (int) (matrix[at[0]][at[1]] << shift);
      }
    }
    return out;
  }

  private static long[][] random(Random random, String type, int rows, int columns) {
    var m = new long[rows][columns];
    for (long[] row : m) {
      for (int j = 0; j < columns; j++) {
        row[j] = bits(type, random.nextFloat() - 0.5f);
      }
    }
    return m;
  }

  private static String registers(String prefix, int n) {
    return IntStream.range(0, n)
        .mapToObj(i -> "%" + prefix + i)
        .collect(Collectors.joining(", ", "{", "}"));
  }

  private static String load(String prefix, String parameter, int n) {
    var s = new StringBuilder();
    s.append("ld.param.u64 %p, [" + parameter + "];\n");
    s.append("mul.wide.u32 %o, %t, " + 4 * n + ";\nadd.u64 %p, %p, %o;\n");
    for (int i = 0; i < n; i++) {
      s.append("ld.global.b32 %" + prefix + i + ", [%p+" + 4 * i + "];\n");
    }
    return s.toString();
  }

  private static String kernel(String mma, int a, int b, int c) {
    var s = new StringBuilder();
    s.append(".reg .b32 %t, %a<8>, %b<8>, %c<8>, %d<8>;\n.reg .b64 %p, %o;\nmov.u32 %t, %tid.x;\n");
    s.append(load("a", "pa", a)).append(load("b", "pb", b)).append(load("c", "pc", c));
    s.append(mma).append(' ');
    s.append(
        String.join(
            ", ", registers("d", c), registers("a", a), registers("b", b), registers("c", c)));
    s.append(";\nld.param.u64 %p, [pd];\n");
    s.append("mul.wide.u32 %o, %t, " + 4 * c + ";\nadd.u64 %p, %p, %o;\n");
    for (int i = 0; i < c; i++) {
      s.append("st.global.b32 [%p+" + 4 * i + "], %d" + i + ";\n");
    }
    String parameters = ".param .u64 pa, .param .u64 pb, .param .u64 pc, .param .u64 pd";
    return Ptx.kernel(parameters, s.toString());
  }

  @ParameterizedTest
  @CsvSource({"tf32, 4", "tf32, 8", "bf16, 8", "bf16, 16", "f16, 8", "f16, 16"})
  void productsAreThoseOfPlainLoops(String type, int depth) {
    var random = new Random(depth);
    long[][] a = random(random, type, ROWS, depth);
    long[][] b = random(random, type, depth, COLUMNS);
    long[][] c = random(random, "tf32", ROWS, COLUMNS);
    int per = type.equals("tf32") ? 1 : 2;
    int[] fa = fragments(depth / 2, per, (l, i) -> placeOfA(type, l, i), a);
    int[] fb = fragments(depth / 4, per, (l, i) -> placeOfB(type, l, i), b);
    int[] fc = fragments(4, 1, MatrixTest::placeOfC, c);
    var memory = new DeviceMemory();
    DeviceBuffer d = memory.allocate("d", 4 * fc.length);
    String mma = "mma.sync.aligned.m16n8k%d.row.col.f32.%s.%s.f32".formatted(depth, type, type);
    LaunchReport report =
        Ptx.run(
            kernel(mma, fa.length / 32, fb.length / 32, 4),
            memory,
            32,
            memory.of("a", fa),
            memory.of("b", fb),
            memory.of("c", fc),
            d);
    assertThat(report.flops()).isEqualTo(2 * ROWS * COLUMNS * depth);
    float[] out = d.toFloats();
    for (int lane = 0; lane < 32; lane++) {
      for (int i = 0; i < 4; i++) {
        int[] at = placeOfC(lane, i);
        double sum = Float.intBitsToFloat((int) c[at[0]][at[1]]);
        for (int k = 0; k < depth; k++) {
          sum += value(type, a[at[0]][k]) * value(type, b[k][at[1]]);
        }
        assertThat((double) out[lane * 4 + i]).isCloseTo(sum, within(1e-6));
      }
    }
  }

  @Test
  void halvesAreAccumulatedInHalves() {
    var random = new Random(2);
    long[][] a = random(random, "f16", ROWS, 16);
    long[][] b = random(random, "f16", 16, COLUMNS);
    long[][] c = random(random, "f16", ROWS, COLUMNS);
    var memory = new DeviceMemory();
    DeviceBuffer d = memory.allocate("d", 256);
    Ptx.run(
        kernel("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16", 4, 2, 2),
        memory,
        32,
        memory.of("a", fragments(8, 2, (l, i) -> placeOfA("f16", l, i), a)),
        memory.of("b", fragments(4, 2, (l, i) -> placeOfB("f16", l, i), b)),
        memory.of("c", fragments(4, 2, MatrixTest::placeOfC, c)),
        d);
    int[] out = d.toInts();
    for (int lane = 0; lane < 32; lane++) {
      for (int i = 0; i < 4; i++) {
        int[] at = placeOfC(lane, i);
        double sum = value("f16", c[at[0]][at[1]]);
        for (int k = 0; k < 16; k++) {
          sum += value("f16", a[at[0]][k]) * value("f16", b[k][at[1]]);
        }
        double got = value("f16", out[lane * 2 + i / 2] >>> (i % 2 * 16));
        assertThat(got).isCloseTo(sum, within(1e-3));
      }
    }
  }

  private static String matrices(int n, String transposed, String store) {
    var s = new StringBuilder();
    s.append(
        """
        .shared .align 16 .b8 tile[1024];
        .reg .b32 %t, %s, %u, %r<4>;
        .reg .b64 %p, %o;
        mov.u32 %t, %tid.x;
        mov.u32 %u, tile;
        shl.b32 %s, %t, 5;
        add.u32 %s, %s, %u;
        .reg .b32 %v, %w;
        .reg .b16 %h;
        mov.u32 %w, 0;
        $fill:
        shl.b32 %v, %t, 3;
        add.u32 %v, %v, %w;
        cvt.u16.u32 %h, %v;
        shl.b32 %v, %w, 1;
        add.u32 %v, %v, %s;
        st.shared.b16 [%v], %h;
        add.u32 %w, %w, 1;
        .reg .pred %q;
        setp.lt.u32 %q, %w, 8;
        @%q bra $fill;
        bar.sync 0;
        """);
    s.append("ldmatrix.sync.aligned.m8n8.x" + n + transposed + ".shared.b16 ");
    s.append(registers("r", n)).append(", [%s];\n").append(store);
    s.append("ld.param.u64 %p, [out];\nmul.wide.u32 %o, %t, 16;\nadd.u64 %p, %p, %o;\n");
    for (int i = 0; i < n; i++) {
      s.append("st.global.b32 [%p+" + 4 * i + "], %r" + i + ";\n");
    }
    return Ptx.kernel(".param .u64 out", s.toString());
  }

  private static int[] run(String text) {
    var memory = new DeviceMemory();
    DeviceBuffer out = memory.allocate("out", 512);
    out.fill((byte) 0);
    Ptx.run(text, memory, 32, out);
    return out.toInts();
  }

  @ParameterizedTest
  @CsvSource({"1, false", "2, false", "4, false", "1, true", "2, true", "4, true"})
  void matricesAreLoaded(int n, boolean transposed) {
    // Lane i puts 8 i + k at its row, which it names: so row i % 8 of matrix i / 8.
    int[] r = run(matrices(n, transposed ? ".trans" : "", ""));
    for (int lane = 0; lane < 32; lane++) {
      for (int x = 0; x < n; x++) {
        int row = lane / 4;
        int column = lane % 4 * 2;
        int first = transposed ? 8 * (8 * x + column) + row : 8 * (8 * x + row) + column;
        int second = first + (transposed ? 8 : 1);
        assertThat(r[lane * 4 + x]).isEqualTo(second << 16 | first);
      }
    }
  }

  @Test
  void matricesAreStoredAsTheyAreLoaded() {
    String again =
        """
        bar.sync 0;
        stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%s], {%r0, %r1, %r2, %r3};
        bar.sync 0;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r0, %r1, %r2, %r3}, [%s];
        """;
    assertThat(run(matrices(4, ".trans", again))).isEqualTo(run(matrices(4, "", "")));
  }

  @Test
  void wholeWarpsOnly() {
    var memory = new DeviceMemory();
    PtxFault f = Ptx.fault(matrices(1, "", ""), memory, 20, memory.allocate("out", 512));
    assertThat(f.kind()).isEqualTo(Kind.BARRIER_DIVERGENCE);
    assertThat(f)
        .hasMessageContaining("needs a full warp, and the block's last one has 20 threads");
    f =
        Ptx.fault(
            matrices(1, "", "").replace("ldmatrix", "setp.eq.u32 %q, %t, 7;\n@%q exit;\nldmatrix"),
            memory,
            32,
            memory.allocate("out", 512));
    assertThat(f.kind()).isEqualTo(Kind.BARRIER_DIVERGENCE);
    assertThat(f).hasMessageContaining("for thread (7, 0, 0), which has ended");
    f =
        Ptx.fault(
            matrices(1, "", "").replace("bar.sync 0;", ""), memory, 32, memory.allocate("o", 512));
    assertThat(f.kind()).isEqualTo(Kind.SHARED_RACE);
  }

  @Test
  void wrongFragmentsAreRefused() {
    List<String> bad = new ArrayList<>();
    bad.add(
        "mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {f,f,f,f}, {r,r,r,r}, {r,r}, {f,f,f,f};");
    bad.add(
        "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {r,r,r,r}, {r,r,r,r}, {r,r}, {r,r,r,r};");
    for (String mma : bad) {
      PtxFault f = Ptx.invalid(".reg .b32 r;\n.reg .f32 f;\n" + mma);
      assertThat(f.kind()).isEqualTo(Kind.INVALID_INSTRUCTION);
    }
  }
}
