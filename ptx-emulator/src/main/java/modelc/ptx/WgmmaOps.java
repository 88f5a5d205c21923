package modelc.ptx;

import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import modelc.ptx.syntax.Operand;
import modelc.ptx.syntax.Type;

/** Decodes {@code wgmma}, the asynchronous matrix products of four warps, and their fences. */
final class WgmmaOps {
  private static final Pattern SHAPE = Pattern.compile("m64n(\\d+)k(\\d+)");
  private static final int MAX_COLUMNS = 256;

  private WgmmaOps() {}

  /** Whether an instruction's text is one of them. */
  static boolean is(String text) {
    return text.contains("wgmma.");
  }

  static Inst decode(Operation o) {
    if (!o.target().equals("sm_90a")) {
      throw o.invalid("needs .target sm_90a");
    }
    if (!o.has("sync") || !o.has("aligned")) {
      throw o.invalid("needs .sync.aligned");
    }
    Code code =
        switch (o.oneOf("mma_async", "fence", "commit_group", "wait_group")) {
          case "mma_async" -> product(o);
          case "fence" -> step(w -> products(w).fence());
          case "commit_group" -> step(w -> products(w).commit());
          case "wait_group" -> {
            int pending = (int) o.immediate(0);
            yield step(w -> products(w).await(pending));
          }
          default -> throw o.notEmulated();
        };
    return o.inst(new Flow.Sync(-1), code);
  }

  /** What a warp does, which the others of its group do, too. */
  private interface Step {
    void run(Warp w);
  }

  private static Code step(Step step) {
    return (w, mask) -> {
      w.block.warpgroup(w).step(w);
      step.run(w);
    };
  }

  private static AsyncProducts products(Warp w) {
    return Objects.requireNonNull(w.products);
  }

  /** Shows the async proxy what the thread wrote before. */
  static Code proxyFence(Operation o) {
    if (!o.has("async") || o.has("global") || o.has("alias")) {
      return MoveOps.hint(o);
    }
    o.ignore("shared::cta");
    o.expect(0, 0);
    return (w, mask) -> {
      if (w.block.proxy != null) {
        w.block.proxy.fence(w, mask);
      }
    };
  }

  private static Code product(Operation o) {
    Matcher shape = SHAPE.matcher(String.join(".", o.others()));
    if (!shape.matches() || o.typeCount() != 3 || o.type(1) != o.type(2)) {
      throw o.notEmulated();
    }
    int n = Integer.parseInt(shape.group(1));
    int depth = Integer.parseInt(shape.group(2));
    Type in = o.type(1);
    boolean tf32 = in == Type.TF32;
    if (o.type(0) != Type.F32 || !tf32 && in != Type.BF16) {
      throw o.notEmulated();
    }
    if (n % 8 != 0 || n < 8 || n > MAX_COLUMNS || depth != (tf32 ? 8 : 16)) {
      throw o.invalid("has a shape that it does not have for ." + in);
    }
    boolean fromRegisters = o.operand(1) instanceof Operand.Vector;
    int transpositions = tf32 ? 0 : fromRegisters ? 1 : 2;
    o.expect(6 + transpositions, 6 + transpositions);
    var m =
        new Wgmma(
            n,
            depth,
            in,
            sign(o, 4),
            sign(o, 5),
            transpositions == 2 && flag(o, 6),
            transpositions > 0 && flag(o, 5 + transpositions));
    return product(o, m, fromRegisters);
  }

  private static int sign(Operation o, int k) {
    long scale = o.immediate(k);
    if (scale != 1 && scale != -1) {
      throw o.invalid("scales by " + scale + ", which is neither 1 nor -1");
    }
    return (int) scale;
  }

  private static boolean flag(Operation o, int k) {
    long flag = o.immediate(k);
    if (flag != 0 && flag != 1) {
      throw o.invalid("transposes by " + flag + ", which is neither 0 nor 1");
    }
    return flag == 1;
  }

  private static Code product(Operation o, Wgmma m, boolean fromRegisters) {
    if (!(o.operand(0) instanceof Operand.Vector sums)) {
      throw o.invalid("needs a vector of sums");
    }
    int[] d = sums.elements().stream().mapToInt(e -> o.dst(e, Type.F32)).toArray();
    if (d.length != m.n() / 2 || java.util.Arrays.stream(d).distinct().count() != d.length) {
      throw o.invalid("needs " + m.n() / 2 + " different registers of sums");
    }
    int[] a = fromRegisters ? o.srcs(o.operand(1), Type.B32) : new int[0];
    if (fromRegisters && a.length != 4) {
      throw o.invalid("needs four registers of the first factor");
    }
    int descriptorA = fromRegisters ? -1 : o.src(1, Type.B64);
    int descriptorB = o.src(2, Type.B64);
    int scaleD = o.predicate(o.operand(3));
    o.touchesNothing();
    o.counts(m.n() * m.depth());
    var fragment = new Mma(m.depth(), m.type(), Type.F32);
    return (w, mask) -> {
      long adds = uniform(w, w.predicate(scaleD) == -1 ? 1 : w.predicate(scaleD) == 0 ? 0 : -1);
      long ofA = fromRegisters ? 0 : same(w, descriptorA);
      long ofB = same(w, descriptorB);
      w.block.warpgroup(w).step(w, adds, ofA, ofB);
      if (adds == 1) {
        checkDefined(w, d);
      }
      Wgmma.Reading reading = m.new Reading(w);
      int first = w.index % Warpgroup.WARPS * Wgmma.ROWS;
      double[][] left =
          fromRegisters
              ? fragment.left(w.r, a)
              : reading.matrix(tile(w, m, ofA), first, Wgmma.ROWS, m.transposedA());
      double[][] right = reading.matrix(tile(w, m, ofB), 0, m.n(), m.transposedB());
      products(w).issue(reading.rows(), d, a, m.n());
      m.multiply(w, d, left, right, adds == 1);
    };
  }

  private static long uniform(Warp w, int value) {
    if (value < 0) {
      throw different(w);
    }
    return value;
  }

  /** The value of a register that all lanes have to have the same of. */
  private static long same(Warp w, int register) {
    for (int lane = 1; lane < 32; lane++) {
      if (w.r[register + lane] != w.r[register]) {
        throw different(w);
      }
    }
    return w.r[register];
  }

  private static PtxFault different(Warp w) {
    return w.fault(
        PtxFault.Kind.INVALID_INSTRUCTION,
        0,
        "has a descriptor or a scale-d that differs among the threads of a warp");
  }

  private static OperandTile tile(Warp w, Wgmma m, long descriptor) {
    OperandTile tile = OperandTile.of(descriptor, m.elementBytes());
    if (tile == null) {
      throw w.fault(
          PtxFault.Kind.INVALID_INSTRUCTION,
          0,
          Objects.requireNonNull(OperandTile.problem(descriptor)));
    }
    return tile;
  }

  private static void checkDefined(Warp w, int[] registers) {
    for (int d : registers) {
      if (w.defined[d >> 5] != -1) {
        throw w.fault(
            PtxFault.Kind.UNINITIALISED_READ,
            Integer.numberOfTrailingZeros(~w.defined[d >> 5]),
            "adds to register " + w.block.registerName(d >> 5) + ", which has no value");
      }
    }
  }
}
