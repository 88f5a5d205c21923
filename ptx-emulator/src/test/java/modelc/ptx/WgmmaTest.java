package modelc.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import modelc.ptx.EmulatorOptions.Order;
import modelc.ptx.PtxFault.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Matrix products of a warpgroup against plain loops. Where elements lie is written here once more,
 * after the figures of the PTX reference: cores of 8 rows of 16 bytes, whose rows are swizzled.
 */
class WgmmaTest {
  private static final int ROWS = 64;
  private static final int A = 0;
  private static final int B = 16384;
  private static final int SHARED = 49152;

  /**
   * A product.
   *
   * @param swizzle 0: none, 1: 128 bytes, 2: 64, 3: 32, as in a descriptor
   */
  private record Product(
      String type, int n, int swizzle, boolean transA, boolean transB, boolean registers) {
    int depth() {
      return type.equals("tf32") ? 8 : 16;
    }

    int bytes() {
      return type.equals("tf32") ? 4 : 2;
    }

    String instruction() {
      String trans = type.equals("tf32") ? "" : (registers ? "" : flag(transA)) + flag(transB);
      return "wgmma.mma_async.sync.aligned.m64n%dk%d.f32.%s.%s %s, %s, db, p, 1, 1%s;\n"
          .formatted(
              n, depth(), type, type, vector("s", n / 2), registers ? vector("a", 4) : "da", trans);
    }

    private static String flag(boolean b) {
      return b ? ", 1" : ", 0";
    }

    /** Bytes between patterns of 8 rows of 16 to 128 bytes. */
    private int pattern() {
      return 128 << width();
    }

    private int width() {
      return switch (swizzle) {
        case 1 -> 3;
        case 2 -> 2;
        case 3 -> 1;
        default -> 0;
      };
    }

    /** The next pattern along the rows of 16 bytes comes first, the one beside it after all. */
    private int beside(int outer) {
      return outer / 8 * pattern();
    }

    long descriptor(int start, int outer, boolean transposed) {
      // Without swizzling the two offsets have each other's meaning if transposed.
      boolean swapped = transposed && swizzle == 0;
      long leading = swapped ? pattern() : beside(outer);
      long stride = swapped ? beside(outer) : pattern();
      return (long) swizzle << 62 | stride >> 4 << 32 | leading >> 4 << 16 | start >> 4;
    }

    /** Where an element is: {@code inner} numbers neighbours, of {@code outers} lines of them. */
    int place(int start, int inner, int outer, int outers) {
      int run = 16 / bytes();
      int rowsPerLine = 1 << width();
      int row = inner / run;
      int line = outer % 8;
      int exchanged =
          switch (swizzle) {
            case 1 -> line;
            case 2 -> line / 2;
            case 3 -> line / 4;
            default -> 0;
          };
      return start
          + row / rowsPerLine * beside(outers)
          + outer / 8 * pattern()
          + line * (16 << width())
          + (row % rowsPerLine ^ exchanged) * 16
          + inner % run * bytes();
    }

    void put(ByteBuffer shared, int start, float[][] m, boolean transposed) {
      for (int i = 0; i < m.length; i++) {
        for (int k = 0; k < depth(); k++) {
          int at = transposed ? place(start, i, k, depth()) : place(start, k, i, m.length);
          int bits = Float.floatToRawIntBits(m[i][k]);
          if (bytes() == 4) {
            shared.putInt(at, bits);
          } else {
            shared.putShort(at, (short) (bits >>> 16));
          }
        }
      }
    }
  }

  private static String vector(String prefix, int n) {
    return IntStream.range(0, n)
        .mapToObj(i -> prefix + i)
        .collect(Collectors.joining(", ", "{", "}"));
  }

  /** Values that both formats hold. */
  private static float[][] random(Random random, int rows, int columns) {
    var m = new float[rows][columns];
    for (float[] row : m) {
      for (int j = 0; j < columns; j++) {
        row[j] = (random.nextInt(255) - 127) / 64f;
      }
    }
    return m;
  }

  private static final String BEGIN =
      """
      .reg .b32 %%t, %%x, %%i, %%at, a<4>;
      .reg .f32 s<128>;
      .reg .b64 %%p, %%o, da, db;
      .reg .pred p, q;
      .shared .align 1024 .b8 m[49152];
      mov.u32 %%t, %%tid.x;
      ld.param.u64 da, [pda];
      ld.param.u64 db, [pdb];
      setp.eq.u32 p, 0, 0;
      ld.param.u64 %%p, [pm];
      mul.wide.u32 %%o, %%t, 4;
      add.u64 %%p, %%p, %%o;
      mov.u32 %%at, m;
      mad.lo.u32 %%at, %%t, 4, %%at;
      mov.u32 %%i, 0;
      FILL:
      ld.global.b32 %%x, [%%p];
      st.shared.b32 [%%at], %%x;
      add.u32 %%at, %%at, %1$d;
      add.u64 %%p, %%p, %1$d;
      add.u32 %%i, %%i, %1$d;
      setp.lt.u32 q, %%i, 49152;
      @q bra FILL;
      """;

  /** Everything up to the product: shared memory is filled and fenced, the sums are there. */
  private static String begin(int threads, int sums) {
    var s = new StringBuilder(BEGIN.formatted(4 * threads));
    s.append("ld.param.u64 %p, [pa];\nmul.wide.u32 %o, %t, 16;\nadd.u64 %p, %p, %o;\n");
    for (int i = 0; i < 4; i++) {
      s.append("ld.global.b32 a" + i + ", [%p+" + 4 * i + "];\n");
    }
    s.append(at("pd", sums));
    for (int i = 0; i < sums; i++) {
      s.append("ld.global.f32 s" + i + ", [%p+" + 4 * i + "];\n");
    }
    return s.toString();
  }

  private static String at(String parameter, int sums) {
    return "ld.param.u64 %p, ["
        + parameter
        + "];\nmul.wide.u32 %o, %t, "
        + 4 * sums
        + ";\nadd.u64 %p, %p, %o;\n";
  }

  private static final String SHOW = "fence.proxy.async.shared::cta;\nbar.sync 0;\n";
  private static final String FENCE = "wgmma.fence.sync.aligned;\n";
  private static final String WAIT =
      "wgmma.commit_group.sync.aligned;\nwgmma.wait_group.sync.aligned 0;\n";

  private static String store(int sums) {
    var s = new StringBuilder(at("pd", sums));
    for (int i = 0; i < sums; i++) {
      s.append("st.global.f32 [%p+" + 4 * i + "], s" + i + ";\n");
    }
    return s.toString();
  }

  private static String kernel(String body) {
    String parameters =
        ".param .u64 pm, .param .u64 pa, .param .u64 pd, .param .u64 pda, .param .u64 pdb";
    return Ptx.module(
        "sm_90a", ".visible .entry k(" + parameters + ")\n{\n" + body.indent(4) + "    ret;\n}\n");
  }

  private static DeviceBuffer floats(DeviceMemory memory, String name, int n) {
    DeviceBuffer b = memory.allocate(name, 4 * n);
    b.fill((byte) 0);
    return b;
  }

  /** What a product gives, from sums that are all 1, by row and column. */
  private static float[][] run(Product p, String body, float[][] a, float[][] b) {
    var image = ByteBuffer.allocate(SHARED).order(ByteOrder.LITTLE_ENDIAN);
    p.put(image, A, a, p.transA());
    p.put(image, B, b, p.transB());
    var words = new int[SHARED / 4];
    image.asIntBuffer().get(words);
    var memory = new DeviceMemory();
    DeviceBuffer pm = memory.allocate("image", SHARED);
    pm.write(words);
    DeviceBuffer pa = floats(memory, "a", 4 * 128);
    pa.write(fragments(p, a));
    DeviceBuffer pd = floats(memory, "d", 128 * p.n() / 2);
    var ones = new float[128 * p.n() / 2];
    java.util.Arrays.fill(ones, 1);
    pd.write(ones);
    Ptx.run(
        kernel(body),
        memory,
        128,
        pm,
        pa,
        pd,
        p.descriptor(A, p.transA() ? p.depth() : ROWS, p.transA()),
        p.descriptor(B, p.transB() ? p.depth() : p.n(), p.transB()));
    float[] d = pd.toFloats();
    var sums = new float[ROWS][p.n()];
    for (int thread = 0; thread < 128; thread++) {
      for (int i = 0; i < p.n() / 2; i++) {
        int row = thread / 32 * 16 + thread % 32 / 4 + (i % 4 >= 2 ? 8 : 0);
        int column = i / 4 * 8 + thread % 4 * 2 + i % 2;
        sums[row][column] = d[thread * p.n() / 2 + i];
      }
    }
    return sums;
  }

  /** The first factor in the registers of the threads, as those of four mma side by side. */
  private static int[] fragments(Product p, float[][] a) {
    var registers = new int[4 * 128];
    for (int thread = 0; thread < 128; thread++) {
      int row = thread / 32 * 16 + thread % 32 / 4;
      int member = thread % 4;
      for (int i = 0; i < 4; i++) {
        float[] values = a[row + (i % 2 == 0 ? 0 : 8)];
        int low =
            Float.floatToRawIntBits(
                values[member * (p.bytes() == 4 ? 1 : 2) + i / 2 * p.depth() / 2]);
        if (p.bytes() == 2) {
          int high = Float.floatToRawIntBits(values[member * 2 + 1 + i / 2 * 8]);
          low = high & 0xffff_0000 | low >>> 16;
        }
        registers[thread * 4 + i] = low;
      }
    }
    return registers;
  }

  private static void agrees(Product p, String body, double scale, double old) {
    var random = new Random(p.n());
    float[][] a = random(random, ROWS, p.depth());
    float[][] b = random(random, p.n(), p.depth());
    float[][] sums = run(p, body, a, b);
    for (int i = 0; i < ROWS; i++) {
      for (int j = 0; j < p.n(); j++) {
        double sum = 0;
        for (int k = 0; k < p.depth(); k++) {
          sum += (double) a[i][k] * b[j][k];
        }
        assertThat((double) sums[i][j])
            .as("%d, %d", i, j)
            .isCloseTo(old + scale * sum, within(1e-5));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "tf32, 8, 0, false, false, false",
    "tf32, 64, 0, false, false, true",
    "tf32, 256, 0, false, false, false",
    "tf32, 64, 1, false, false, false",
    "tf32, 64, 2, false, false, true",
    "tf32, 72, 3, false, false, false",
    "bf16, 64, 0, false, false, false",
    "bf16, 64, 0, true, false, false",
    "bf16, 128, 0, false, true, true",
    "bf16, 128, 1, false, false, false",
    "bf16, 128, 1, true, true, false",
    "bf16, 64, 2, true, true, false",
    "bf16, 32, 3, true, true, false",
    "bf16, 40, 3, true, false, true"
  })
  void productsAreThoseOfPlainLoops(
      String type, int n, int swizzle, boolean transA, boolean transB, boolean registers) {
    var p = new Product(type, n, swizzle, transA, transB, registers);
    String body = begin(128, n / 2) + SHOW + FENCE + p.instruction() + WAIT + store(n / 2);
    agrees(p, body, 1, 1);
  }

  private static final Product TF32 = new Product("tf32", 16, 0, false, false, false);
  private static final int SUMS = 8;

  private static String body(String... parts) {
    return begin(128, SUMS) + String.join("", parts) + store(SUMS);
  }

  @Test
  void scalesAndStartsAfresh() {
    String negative = TF32.instruction().replace("p, 1, 1;", "p, -1, 1;");
    agrees(TF32, body(SHOW, FENCE, negative, WAIT), -1, 1);
    agrees(TF32, body(SHOW, FENCE, negative.replace("-1, 1;", "-1, -1;"), WAIT), 1, 1);
    agrees(TF32, body(SHOW, FENCE, TF32.instruction().replace(" p,", " !p,"), WAIT), 1, 0);
  }

  @Test
  void productsOfOneShapeNeedNoFenceBetween() {
    String p = TF32.instruction();
    agrees(TF32, body(SHOW, FENCE, p, p, WAIT), 2, 1);
    agrees(TF32, body(SHOW, FENCE, p, WAIT, FENCE, p, WAIT), 2, 1);
  }

  @Test
  void rowsOfLowerBitsAreNotLookedAt() {
    var a = new float[ROWS][8];
    var b = new float[16][8];
    a[5][3] = Float.intBitsToFloat(Float.floatToRawIntBits(1.5f) | 0x1fff);
    b[7][3] = 2;
    assertThat(run(TF32, body(SHOW, FENCE, TF32.instruction(), WAIT), a, b)[5][7]).isEqualTo(4);
  }

  private static PtxFault fault(String body, int threads, Order order) {
    return fault(
        body, threads, order, TF32.descriptor(A, ROWS, false), TF32.descriptor(B, 16, false));
  }

  private static PtxFault fault(String body, int threads, Order order, long da, long db) {
    var memory = new DeviceMemory();
    DeviceBuffer image = floats(memory, "image", SHARED / 4);
    DeviceBuffer a = floats(memory, "a", 4 * threads);
    DeviceBuffer d = floats(memory, "d", threads * SUMS);
    PtxModule module = Ptx.parse(kernel(body));
    return org.assertj.core.api.Assertions.catchThrowableOfType(
        PtxFault.class,
        () ->
            new Emulator(memory, EmulatorOptions.DEFAULT.withOrder(order, 1))
                .launch(module.kernel("k"), Dim3.of(1), Dim3.of(threads), 0, image, a, d, da, db));
  }

  private static void faults(String body, Kind kind, String said) {
    PtxFault f = fault(body, 128, Order.ASCENDING);
    assertThat(f).as(body).isNotNull();
    assertThat(f.kind()).as(f.getMessage()).isEqualTo(kind);
    assertThat(f).hasMessageContaining(said);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "st.global.f32 [%p], s3;",
        "mov.f32 s100, s3;",
        "mov.f32 s3, 0f00000000;",
        "selp.f32 s100, s3, s4, p;"
      })
  void sumsMayNotBeTouchedBeforeTheWait(String use) {
    String p = TF32.instruction();
    faults(
        body(SHOW, FENCE, p, use + "\n", WAIT),
        Kind.UNFINISHED_PRODUCT,
        "accesses register s3 of a");
  }

  @Test
  void factorsInRegistersMayNotBeTouchedBeforeTheWait() {
    String p = new Product("tf32", 16, 0, false, false, true).instruction();
    faults(
        body(SHOW, FENCE, p, "mov.u32 a1, 0;\n", WAIT),
        Kind.UNFINISHED_PRODUCT,
        "register a1 of a");
    faults(body(SHOW, FENCE, "mov.u32 a1, 0;\n", p, WAIT), Kind.MISSING_FENCE, "register a1");
  }

  @Test
  void theLastGroupsMayBeUnderWay() {
    String p = TF32.instruction();
    String other = p.replace("{s0, s1, s2, s3", "{s90, s91, s92, s93").replace(" p,", " !p,");
    other = other.replace("s4, s5, s6, s7", "s94, s95, s96, s97");
    String commit = "wgmma.commit_group.sync.aligned;\n";
    String two = SHOW + FENCE + p + commit + other + commit + "wgmma.wait_group.sync.aligned 1;\n";
    agrees(TF32, body(two, "mov.f32 s100, s3;\n", WAIT), 1, 1);
    faults(
        body(two, "mov.f32 s100, s92;\n", WAIT), Kind.UNFINISHED_PRODUCT, "accesses register s92");
  }

  @Test
  void registersNeedAFence() {
    String p = TF32.instruction();
    faults(body(SHOW, p, WAIT), Kind.MISSING_FENCE, "no wgmma.fence");
    faults(body(SHOW, FENCE, "mov.f32 s3, 0f00000000;\n", p, WAIT), Kind.MISSING_FENCE, "s3");
    faults(body(SHOW, FENCE, p, WAIT, "mov.f32 s100, s3;\n", p, WAIT), Kind.MISSING_FENCE, "s3");
    String narrow = new Product("tf32", 8, 0, false, false, false).instruction();
    faults(body(SHOW, FENCE, p, WAIT, narrow, WAIT), Kind.MISSING_FENCE, "s0");
    faults(body(SHOW, FENCE, p, narrow, WAIT), Kind.UNFINISHED_PRODUCT, "s0");
  }

  @Test
  void sharedMemoryNeedsAFenceByItsWriterBeforeTheBarrier() {
    String rest = FENCE + TF32.instruction() + WAIT;
    faults(body("bar.sync 0;\n", rest), Kind.MISSING_FENCE, "no fence.proxy.async");
    faults(body("bar.sync 0;\nfence.proxy.async;\n", rest), Kind.MISSING_FENCE, "no fence");
    faults(body("fence.proxy.async.global;\nbar.sync 0;\n", rest), Kind.MISSING_FENCE, "no fence");
    faults(body("fence.proxy.async;\n", rest), Kind.SHARED_RACE, "race");
  }

  private static final String WRITE =
      """
      mov.u32 %at, m;
      mov.u32 %x, 0;
      st.shared.b32 [%at], %x;
      """;

  @Test
  void sharedMemoryMayNotBeWrittenBeforeTheWait() {
    String p = TF32.instruction();
    String inFirst = "setp.ne.u32 q, %t, 0;\n@q bra ON;\n" + WRITE + "ON:\n";
    faults(body(SHOW, FENCE, p, inFirst, WAIT), Kind.UNFINISHED_PRODUCT, "a wgmma reads");
    String afterWait = WAIT + "bar.sync 0;\n" + inFirst;
    assertThat(fault(body(SHOW, FENCE, p, afterWait), 128, Order.ASCENDING)).isNull();
  }

  /** A second warpgroup writes what the first reads: whoever comes first, it is found. */
  @ParameterizedTest
  @EnumSource(Order.class)
  void anotherWarpgroupHasToBeOrderedAfterTheWait(Order order) {
    String p = TF32.instruction();
    String second = "setp.lt.u32 q, %t, 128;\n@q bra FIRST;\n";
    String writer = "setp.ne.u32 q, %t, 128;\n@q bra END;\n" + WRITE + "bra END;\n";
    String begin = begin(256, SUMS) + SHOW;
    String first = "FIRST:\n" + FENCE + p + WAIT;
    PtxFault raced = fault(begin + second + writer + first + "END:\n", 256, order);
    assertThat(raced).isNotNull();
    assertThat(raced.kind()).isIn(Kind.SHARED_RACE, Kind.UNFINISHED_PRODUCT, Kind.MISSING_FENCE);
    PtxFault met =
        fault(
            begin + second + "bar.sync 1;\n" + writer + first + "bar.sync 1;\nEND:\n", 256, order);
    assertThat(met).isNull();
    String early = first.replace(p, p + "bar.sync 1;\n");
    PtxFault before =
        fault(begin + second + "bar.sync 1;\n" + writer + early + "END:\n", 256, order);
    assertThat(before).isNotNull();
    assertThat(before.kind()).isIn(Kind.SHARED_RACE, Kind.UNFINISHED_PRODUCT);
  }

  @Test
  void allWarpsOfAGroupTakePart() {
    String rest = FENCE + TF32.instruction() + WAIT;
    String without = "setp.gt.u32 q, %t, 95;\n@q bra END;\n";
    faults(
        begin(128, SUMS) + SHOW + without + rest + "END:\n", Kind.BARRIER_DIVERGENCE, "has ended");
    String other = "setp.gt.u32 q, %t, 95;\n@q bra B;\n" + rest + "bra END;\nB:\n" + rest;
    faults(begin(128, SUMS) + SHOW + other + "END:\n", Kind.BARRIER_DIVERGENCE, "another warp");
    PtxFault few = fault(body(SHOW, rest), 96, Order.ASCENDING);
    assertThat(few.kind()).isEqualTo(Kind.BARRIER_DIVERGENCE);
    String inWarp = "setp.gt.u32 q, %t, 125;\n@q bra END;\n";
    faults(begin(128, SUMS) + SHOW + inWarp + rest + "END:\n", Kind.BARRIER_DIVERGENCE, "for ever");
  }

  @Test
  void operandsAreTheSameForAll() {
    String rest = FENCE + TF32.instruction() + WAIT;
    String lane = "cvt.u64.u32 %o, %t;\nand.b64 %o, %o, 1;\nadd.u64 db, db, %o;\n";
    faults(body(SHOW, lane, rest), Kind.INVALID_INSTRUCTION, "threads of a warp");
    String warp = lane.replace("%o, 1;", "%o, 32;");
    faults(body(SHOW, warp, rest), Kind.INVALID_INSTRUCTION, "another warp");
    faults(
        body(SHOW, "setp.lt.u32 p, %t, 3;\n", rest), Kind.INVALID_INSTRUCTION, "threads of a warp");
  }

  @Test
  void descriptorsThatAreNotEmulatedAreRefused() {
    String all = body(SHOW, FENCE, TF32.instruction(), WAIT);
    long a = TF32.descriptor(A, ROWS, false);
    long b = TF32.descriptor(B, 16, false);
    PtxFault offset = fault(all, 128, Order.ASCENDING, a | 1L << 49, b);
    assertThat(offset).hasMessageContaining("base offset, which is not emulated");
    PtxFault pattern = fault(all, 128, Order.ASCENDING, a, (b | 1L << 62) + 8);
    assertThat(pattern).hasMessageContaining("no pattern of 128-byte swizzling begins");
    PtxFault beyond = fault(all, 128, Order.ASCENDING, a, b + (40000 >> 4));
    assertThat(beyond.kind()).isEqualTo(Kind.OUT_OF_BOUNDS);
  }

  @Test
  void sumsAndSharedMemoryHaveToBeDefined() {
    String p = TF32.instruction();
    String undefined = p.replace("s7}", "s99}");
    faults(body(SHOW, FENCE, undefined, WAIT), Kind.UNINITIALISED_READ, "s99, which has no value");
    String half = BEGIN.formatted(512).replace("49152;\n@q", "16384;\n@q");
    String fresh = p.replace(" p,", " !p,");
    faults(half + SHOW + FENCE + fresh + WAIT, Kind.UNINITIALISED_READ, "never written");
  }

  @Test
  void formsThatPtxDoesNotHaveAreRefused() {
    String p = TF32.instruction();
    refused(p.replace("m64n16k8", "m64n12k8"), "has a shape that it does not have");
    refused(p.replace("m64n16k8", "m64n16k16"), "has a shape that it does not have");
    refused(p.replace(".f32.tf32.tf32", ".f32.f16.f16"), "is not emulated");
    refused(p.replace("1, 1;", "2, 1;"), "neither 1 nor -1");
    refused(p.replace("1, 1;", "1, 1, 0, 0;"), "has 8 operands");
    refused(p.replace("s7}", "s6}"), "8 different registers");
    refused(p.replace(".sync", ""), "needs .sync.aligned");
    String old = kernel(body(p)).replace("sm_90a", "sm_90");
    assertThat(
            org.assertj.core.api.Assertions.catchThrowableOfType(
                PtxFault.class, () -> PtxModule.parse(old)))
        .hasMessageContaining("needs .target sm_90a");
  }

  private static void refused(String instruction, String said) {
    PtxFault f =
        org.assertj.core.api.Assertions.catchThrowableOfType(
            PtxFault.class, () -> PtxModule.parse(kernel(body(instruction))));
    assertThat(f).as(instruction).isNotNull().hasMessageContaining(said);
    assertThat(f.kind()).isEqualTo(Kind.INVALID_INSTRUCTION);
  }
}
