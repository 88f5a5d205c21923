package modelc.ir.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import modelc.ir.DType;
import modelc.ir.Precision;
import modelc.ir.Symbol;
import org.junit.jupiter.api.Test;

/**
 * Kernels for GPUs written by hand: Loop IR says what they need, and its interpreter finds what is
 * wrong with them.
 */
class GpuKernelTest {
  private static final int M = 96;
  private static final int N = 64;
  private static final int K = 64;
  private static final Symbol BATCH = new Symbol("batch", 16);

  private static String text(String name) throws IOException {
    try (InputStream in = GpuKernelTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** The text with one piece of it replaced. */
  private static Kernel mutant(String text, String piece, String by) {
    assertThat(text).contains(piece);
    return LoopParser.parseKernel(text.replace(piece, by));
  }

  private static float[] random(int n, long seed) {
    var random = new Random(seed);
    var x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = random.nextFloat() - 0.5f;
    }
    return x;
  }

  private static Memory gemm(Kernel k) {
    Memory c = Memory.undefined(DType.F32, M * N);
    LoopInterpreter.run(
        k,
        List.of(Memory.ofFloats(random(M * K, 1)), Memory.ofFloats(random(K * N, 2)), c),
        Map.of());
    return c;
  }

  @Test
  void tiledGemmMultiplies() throws IOException {
    float[] a = random(M * K, 1);
    float[] b = random(K * N, 2);
    var expected = new float[M * N];
    for (int i = 0; i < M; i++) {
      for (int j = 0; j < N; j++) {
        float sum = 0;
        for (int k = 0; k < K; k++) {
          sum = Math.fma(a[i * K + k], b[k * N + j], sum);
        }
        expected[i * N + j] = sum;
      }
    }
    assertThat(gemm(LoopParser.parseKernel(text("gemm-tiled.loop"))).toFloats())
        .isEqualTo(expected);
  }

  @Test
  void gemmWithoutTheFirstBarrierRaces() throws IOException {
    Kernel k = mutant(text("gemm-tiled.loop"), "barrier\n            for %k", "for %k");
    assertThatThrownBy(() -> gemm(k))
        .isInstanceOf(LoopCheckException.class)
        .hasMessageMatching("(?s)kernel gemm: .*(race|never written).*");
  }

  @Test
  void gemmWithoutTheSecondBarrierRaces() throws IOException {
    Kernel k = mutant(text("gemm-tiled.loop"), "barrier\n          }\n", "}\n");
    assertThatThrownBy(() -> gemm(k))
        .isInstanceOf(LoopCheckException.class)
        .hasMessageContaining(
            "race: thread 1 of a block reads at[0], written by thread 0 of a block");
  }

  @Test
  void gemmWithAShiftedIndexLeavesItsBounds() throws IOException {
    Kernel k = mutant(text("gemm-tiled.loop"), "%k0 + %col]", "%k0 + %col + 1]");
    assertThatThrownBy(() -> gemm(k))
        .isInstanceOf(LoopCheckException.class)
        .hasMessageContaining("index 6144 is out of bounds of a, which has 6144 elements")
        .hasMessageContaining("%bm = 2");
  }

  @Test
  void gemmWithOverlappingTilesRaces() throws IOException {
    Kernel k = mutant(text("gemm-tiled.loop"), "c[(%bm * 32 + %ty", "c[(%bm * 31 + %ty");
    assertThatThrownBy(() -> gemm(k))
        .hasMessageContaining("race")
        .hasMessageContaining("writes c[");
  }

  private static Memory rows(Kernel k) {
    Memory y = Memory.undefined(DType.F32, 3);
    LoopInterpreter.run(k, List.of(Memory.ofFloats(random(600, 3)), y), Map.of(BATCH, 3L));
    return y;
  }

  @Test
  void warpsReduceRows() throws IOException {
    float[] x = random(600, 3);
    var expected = new float[3];
    for (int row = 0; row < 3; row++) {
      var sums = new float[64];
      for (int t = 0; t < 64; t++) {
        for (int i = t; i < 200; i += 64) {
          sums[t] += x[row * 200 + i];
        }
      }
      // In a butterfly every thread adds the same two halves at each step.
      for (int d = 16; d > 0; d /= 2) {
        var next = new float[64];
        for (int t = 0; t < 64; t++) {
          next[t] = sums[t] + sums[t ^ d];
        }
        sums = next;
      }
      expected[row] = sums[0] + sums[32];
    }
    assertThat(rows(LoopParser.parseKernel(text("warp-reduce.loop"))).toFloats())
        .isEqualTo(expected);
  }

  @Test
  void reductionWithoutTheBarrierRaces() throws IOException {
    // Thread 0 finds nothing yet from the other warp.
    Kernel k = mutant(text("warp-reduce.loop"), "      barrier\n", "");
    assertThatThrownBy(() -> rows(k))
        .hasMessageContaining("reads part[1], which was never written");
  }

  @Test
  void aBarrierThatSomeThreadsSkipIsReported() throws IOException {
    Kernel k =
        mutant(text("warp-reduce.loop"), "      barrier\n", "      if %t != 5 { barrier }\n");
    assertThatThrownBy(() -> rows(k))
        .hasMessageContaining("divergence: thread 0 waits in this barrier, thread 5 has ended");
  }

  @Test
  void aShuffleThatSomeThreadsSkipIsReported() throws IOException {
    Kernel k =
        mutant(
            text("warp-reduce.loop"),
            "      barrier\n",
            "      if %t < 40 { let %d: f32 = warp_shuffle_xor(%s1, 1) }\n      barrier\n");
    assertThatThrownBy(() -> rows(k))
        .hasMessageContaining(
            "divergence: thread 0 waits in this barrier, thread 32 in another shuffle");
  }

  @Test
  void differentBarriersAreNotOne() throws IOException {
    Kernel k =
        mutant(
            text("warp-reduce.loop"),
            "      barrier\n",
            "      if %t < 32 { barrier } else { barrier }\n");
    assertThatThrownBy(() -> rows(k))
        .hasMessageContaining(
            "divergence: thread 0 waits in this barrier, thread 32 at another barrier");
  }

  private static Memory sums(Kernel k) {
    Memory y = Memory.undefined(DType.F32, 64);
    LoopInterpreter.run(k, List.of(Memory.ofFloats(random(480, 4)), y), Map.of());
    return y;
  }

  @Test
  void copiesTravelWhileRowsAreAdded() throws IOException {
    float[] x = random(480, 4);
    var expected = new float[64];
    for (int i = 0; i < x.length; i++) {
      expected[i % 64] += x[i];
    }
    assertThat(sums(LoopParser.parseKernel(text("pipeline.loop"))).toFloats()).isEqualTo(expected);
  }

  @Test
  void aCopyThatNobodyWaitedForIsReported() throws IOException {
    Kernel k = mutant(text("pipeline.loop"), "await_copies 0", "await_copies 1");
    assertThatThrownBy(() -> sums(k))
        .hasMessageContaining("reads s[63], which is being copied to, and nobody has waited");
  }

  @Test
  void copiesOfOthersNeedABarrier() throws IOException {
    Kernel k = mutant(text("pipeline.loop"), "        barrier\n", "");
    assertThatThrownBy(() -> sums(k)).hasMessageContaining("reads s[63], which was never written");
  }

  @Test
  void aCopyToWhatOthersReadRaces() throws IOException {
    Kernel k = mutant(text("pipeline.loop"), "copy s[(%r + 1) % 2 * 64 +", "copy s[%r % 2 * 64 +");
    assertThatThrownBy(() -> sums(k)).hasMessageContaining("race: ");
  }

  @Test
  void aWriteToWhatIsBeingCopiedIsReported() throws IOException {
    String copy = "copy s[%t * 4 : 4] = x[%t * 4 : 4]\n";
    Kernel k = mutant(text("pipeline.loop"), copy, copy + "store s[%t * 4] = 1.0\n");
    assertThatThrownBy(() -> sums(k)).hasMessageContaining("writes s[0], which is being copied to");
  }

  @Test
  void severalElementsAtOnceAreAligned() throws IOException {
    Kernel k = mutant(text("pipeline.loop"), "= x[%t * 4 : 4]", "= x[%t * 4 + 2 : 4]");
    assertThatThrownBy(() -> sums(k))
        .hasMessageContaining("index 2 is no multiple of the 4 elements at once");
  }

  /** Two products of 16 x depth and depth x 8 by a warp, whose threads find their elements. */
  private static void product(String text, Precision factors, float[] a, float[] b) {
    Memory c = Memory.undefined(DType.F32, 16 * 8);
    Kernel k = LoopParser.parseKernel(text);
    LoopInterpreter.run(k, List.of(Memory.ofFloats(a), Memory.ofFloats(b), c), Map.of());
    int depth = WarpTile.of(factors).depth();
    float[] product = c.toFloats();
    for (int row = 0; row < 16; row++) {
      for (int column = 0; column < 8; column++) {
        double sum = 1;
        for (int t = 0; t < depth; t++) {
          double x = factors.round(a[row * depth + t]);
          sum += x * factors.round(b[t * 8 + column]);
        }
        assertThat(product[row * 8 + column]).as(row + ", " + column).isEqualTo((float) sum);
      }
    }
  }

  private static final String TF32 =
      """
      kernel mma(a: f32[128], b: f32[64], c: f32[128]) {
        grid_x for %x = 0 to 1 {
          thread_x for %t = 0 to 32 {
            let %g: i64 = %t / 4
            let %m: i64 = %t % 4
            alloc s: f32[4] register
            unroll for %i = 0 to 4 {
              store s[%i] = 1.0
            }
            mma_tf32(load a[%g * 8 + %m], load a[%g * 8 + 64 + %m], load a[%g * 8 + %m + 4],
                load a[%g * 8 + 64 + %m + 4]) * (load b[%m * 8 + %g], load b[(%m + 4) * 8 + %g]) to s[0]
            store c[%g * 8 + %m * 2] = load s[0]
            store c[%g * 8 + %m * 2 + 1] = load s[1]
            store c[(%g + 8) * 8 + %m * 2] = load s[2]
            store c[(%g + 8) * 8 + %m * 2 + 1] = load s[3]
          }
        }
      }
      """;

  @Test
  void aWarpMultipliesRoundedFactors() {
    product(TF32, Precision.TF32, random(128, 5), random(64, 6));
    String bf16 =
        TF32.replaceFirst(
                "(?s)mma_tf32.*?to s",
                """
                mma_bf16(load a[%g * 16 + %m * 2], load a[%g * 16 + %m * 2 + 1],
                    load a[%g * 16 + 128 + %m * 2], load a[%g * 16 + 128 + %m * 2 + 1],
                    load a[%g * 16 + %m * 2 + 8], load a[%g * 16 + %m * 2 + 9],
                    load a[%g * 16 + 128 + %m * 2 + 8], load a[%g * 16 + 128 + %m * 2 + 9])
                  * (load b[%m * 16 + %g], load b[%m * 16 + 8 + %g],
                    load b[(%m * 2 + 8) * 8 + %g], load b[(%m * 2 + 9) * 8 + %g]) to s""")
            .replace("a: f32[128], b: f32[64]", "a: f32[256], b: f32[128]");
    product(bf16, Precision.BF16, random(256, 5), random(128, 6));
  }

  @Test
  void aProductThatSomeThreadsSkipIsReported() {
    String skipped =
        TF32.replace("mma_tf32", "if %t != 7 { mma_tf32").replace("to s[0]", "to s[0] }");
    assertThatThrownBy(() -> product(skipped, Precision.TF32, new float[128], new float[64]))
        .hasMessageContaining("divergence: thread 0 waits in this product, thread 7 has ended");
  }

  /**
   * 64 rows by 16 columns of 16 terms, by 128 threads: in two products where {@code terms} is 8.
   * Rows are stored by all threads, columns by the first ones.
   */
  private static final String WARPGROUP =
      """
      kernel mma(a: f32[1024], b: f32[256], c: f32[1024]) {
        grid_x for %x = 0 to 1 {
          alloc f: i32[1280] shared
          thread_x for %t = 0 to 128 {
            alloc s: f32[8] register
            unroll for %i = 0 to 8 {
              store s[%i] = 1.0
            }
            for %u = %t to 256 step 128 {
              store_factors_tf32(load a[%u % 64 * 16 + %u / 64 * 4], load a[%u % 64 * 16 + %u / 64 * 4 + 1],
                  load a[%u % 64 * 16 + %u / 64 * 4 + 2], load a[%u % 64 * 16 + %u / 64 * 4 + 3]) to f[%u * 4]
            }
            if %t < 64 {
              store_factors_tf32(load b[%t % 16 * 16 + %t / 16 * 4], load b[%t % 16 * 16 + %t / 16 * 4 + 1],
                  load b[%t % 16 * 16 + %t / 16 * 4 + 2], load b[%t % 16 * 16 + %t / 16 * 4 + 3]) to f[1024 + %t * 4]
            }
            fence_factors
            barrier
            warpgroup_mma_tf32 f[0] rows 64 * f[1024] rows 16 terms 8 columns 16 to s[0]
            warpgroup_mma_tf32 f[512] rows 64 * f[1152] rows 16 terms 8 columns 16 to s[0]
            await_products 0
            unroll for %j = 0 to 8 {
              store c[(%t / 32 * 16 + %t % 32 / 4 + %j / 2 % 2 * 8) * 16 + %j / 4 * 8 + %t % 4 * 2 + %j % 2] = load s[%j]
            }
          }
        }
      }
      """;

  private static void warpgroup(String text, Precision factors) {
    float[] a = random(1024, 7);
    float[] b = random(256, 8);
    Memory c = Memory.undefined(DType.F32, 1024);
    Kernel k = LoopParser.parseKernel(text);
    assertThat(LoopParser.parseKernel(LoopPrinter.print(k))).isEqualTo(k);
    LoopInterpreter.run(k, List.of(Memory.ofFloats(a), Memory.ofFloats(b), c), Map.of());
    float[] product = c.toFloats();
    for (int row = 0; row < 64; row++) {
      for (int column = 0; column < 16; column++) {
        double sum = 1;
        for (int t = 0; t < 16; t++) {
          double x = factors.round(a[row * 16 + t]);
          sum += x * factors.round(b[column * 16 + t]);
        }
        assertThat((double) product[row * 16 + column])
            .as(row + ", " + column)
            .isCloseTo(sum, within(1e-5));
      }
    }
  }

  @Test
  void aWarpgroupMultipliesStoredFactors() {
    warpgroup(WARPGROUP, Precision.TF32);
    String second =
        "warpgroup_mma_tf32 f[512] rows 64 * f[1152] rows 16 terms 8 columns 16 to s[0]";
    String once = WARPGROUP.replace(second, "").replace("terms 8", "terms 16");
    warpgroup(once, Precision.TF32);
  }

  @Test
  void misuseOfProductsIsReported() {
    misused("await_products 0", "await_products 1", "reads s[0]");
    misused("await_products 0", "", "reads s[0]");
    misused("fence_factors", "", "being copied to");
    misused("barrier", "", "race: ");
    misused("fence_factors\n      barrier", "barrier fence_factors", "race: ");
    misused("await_products 0", "store s[3] = 0.0 await_products 0", "writes s[3]");
    String late =
        "barrier if %t == 0 { store_factors_tf32(9.0, 9.0, 9.0, 9.0) to f[0] fence_factors } barrier await_products 0";
    misused("await_products 0", late, "was written before its product had been waited for");
    String raced =
        "if %t == 3 { store_factors_tf32(9.0, 9.0, 9.0, 9.0) to f[0] fence_factors } await_products 0";
    misused("await_products 0", raced, "race");
    String second =
        "warpgroup_mma_tf32 f[512] rows 64 * f[1152] rows 16 terms 8 columns 16 to s[0]";
    misused(second, "if %t != 70 { " + second + " }", "thread 70 has ended");
  }

  private static void misused(String part, String by, String said) {
    String wrong = WARPGROUP.replace(part, by);
    assertThat(wrong).isNotEqualTo(WARPGROUP);
    assertThatThrownBy(() -> warpgroup(wrong, Precision.TF32)).hasMessageContaining(said);
  }

  @Test
  void blocksThatWriteOneElementRace() throws IOException {
    Kernel k = mutant(text("warp-reduce.loop"), "store y[%row]", "store y[0]");
    assertThatThrownBy(() -> rows(k))
        .hasMessageContaining("race")
        .hasMessageContaining("writes y[0]");
  }

  @Test
  void blocksThatReadWhatOneWritesRace() throws IOException {
    // Read by the first block before the third writes it.
    Kernel k =
        mutant(
            text("warp-reduce.loop"),
            "= load part[0] + load part[1]",
            "= load part[0] store x[%row * 100] = 1.0");
    assertThatThrownBy(() -> rows(k)).hasMessageContaining("race").hasMessageContaining("x[100]");
  }
}
