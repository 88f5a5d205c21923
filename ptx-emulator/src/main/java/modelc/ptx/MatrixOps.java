package modelc.ptx;

import java.util.Locale;
import modelc.ptx.syntax.Operand;
import modelc.ptx.syntax.Type;

/** Decodes matrix instructions, which a whole warp executes together. */
final class MatrixOps {
  private MatrixOps() {}

  static Inst decode(Operation o) {
    o.ignore("sync", "aligned");
    return switch (o.opcode()) {
      case "mma" -> o.inst(new Flow.Sync(-1), mma(o));
      case "ldmatrix" -> o.inst(new Flow.Sync(-1), exchange(o, true));
      default -> o.inst(new Flow.Sync(-1), exchange(o, false));
    };
  }

  private static Code mma(Operation o) {
    String shape = o.oneOf("m16n8k4", "m16n8k8", "m16n8k16");
    o.ignore("row", "col");
    o.expect(4, 4);
    if (shape.isEmpty() || o.typeCount() != 4 || o.type(1) != o.type(2)) {
      throw o.notEmulated();
    }
    int depth = Integer.parseInt(shape.substring(6));
    Type in = o.type(1);
    Type out = o.type(0);
    boolean known =
        switch (in) {
          case TF32 -> depth <= 8 && out == Type.F32;
          case BF16 -> depth >= 8 && out == Type.F32;
          case F16 -> depth >= 8 && (out == Type.F32 || out == Type.F16);
          default -> false;
        };
    if (!known || o.type(3) != out) {
      throw o.notEmulated();
    }
    // The registers of the operands hold two 16-bit values or one of 32 bits.
    Type held = Type.B32;
    Type result = out == Type.F16 ? Type.B32 : Type.F32;
    int[] d =
        ((Operand.Vector) vector(o, 0))
            .elements().stream().mapToInt(e -> o.dst(e, result)).toArray();
    int[] a = o.srcs(vector(o, 1), held);
    int[] b = o.srcs(vector(o, 2), held);
    int[] c = o.srcs(vector(o, 3), result);
    var m = new Mma(depth, in, out);
    if (!m.fits(d.length, a.length, b.length, c.length)) {
      throw o.invalid("has fragments of the wrong size");
    }
    o.counts(2 * 16 * 8 * depth / 32);
    return (w, mask) -> m.run(w.r, d, a, b, c);
  }

  private static Operand vector(Operation o, int k) {
    Operand v = o.operand(k);
    return v instanceof Operand.Vector ? v : new Operand.Vector(java.util.List.of(v));
  }

  /**
   * Loads or stores 8 x 8 matrices of 16-bit values: lane i names row i % 8 of matrix i / 8, and
   * has two neighbours of a row, or transposed of a column, in the register of each matrix.
   */
  private static Code exchange(Operation o, boolean load) {
    if (!o.has("m8n8")) {
      throw o.notEmulated();
    }
    String number = o.oneOf("x1", "x2", "x4");
    boolean transposed = o.has("trans");
    Space space = MemoryOps.space(o);
    if (number.isEmpty() || space != Space.SHARED || o.type() != Type.B16) {
      throw o.invalid("needs .x1, .x2 or .x4, .shared and .b16");
    }
    o.expect(2, 2);
    int n = number.charAt(1) - '0';
    Operand values = vector(o, load ? 0 : 1);
    int[] registers =
        load
            ? ((Operand.Vector) values)
                .elements().stream().mapToInt(e -> o.dst(e, Type.B32)).toArray()
            : o.srcs(values, Type.B32);
    Operation.Address at = o.address(load ? 1 : 0, space);
    if (registers.length != n) {
      throw o.invalid(
          o.opcode().toLowerCase(Locale.ROOT) + " ." + number + " has " + n + " registers");
    }
    return (w, mask) -> {
      var rows = new long[8 * n][8];
      if (load) {
        for (int i = 0; i < 8 * n; i++) {
          Memory memory = w.block.memory;
          long address = w.r[at.base() + i] + at.offset();
          memory.read(w, i, space, address, 16, false);
          // Several lanes get the row: whoever wrote it alone, it is another's.
          memory.read(w, i ^ 1, space, address, 16, false);
          for (int k = 0; k < 8; k++) {
            rows[i][k] = memory.value(2 * k, 2);
          }
        }
        spread(w.r, registers, rows, transposed);
      } else {
        gather(w.r, registers, rows, transposed);
        for (int i = 0; i < 8 * n; i++) {
          Memory memory = w.block.memory;
          memory.write(w, i, space, w.r[at.base() + i] + at.offset(), 16, false);
          for (int k = 0; k < 8; k++) {
            memory.set(2 * k, 2, rows[i][k]);
          }
        }
      }
    };
  }

  private static void spread(long[] r, int[] registers, long[][] rows, boolean transposed) {
    for (int x = 0; x < registers.length; x++) {
      for (int lane = 0; lane < 32; lane++) {
        int row = lane / 4;
        int column = lane % 4 * 2;
        long first = transposed ? rows[8 * x + column][row] : rows[8 * x + row][column];
        long second = transposed ? rows[8 * x + column + 1][row] : rows[8 * x + row][column + 1];
        r[registers[x] + lane] = second << 16 | first;
      }
    }
  }

  private static void gather(long[] r, int[] registers, long[][] rows, boolean transposed) {
    for (int x = 0; x < registers.length; x++) {
      for (int lane = 0; lane < 32; lane++) {
        int row = lane / 4;
        int column = lane % 4 * 2;
        long both = r[registers[x] + lane];
        for (int k = 0; k < 2; k++) {
          long value = both >>> (16 * k) & 0xffff;
          if (transposed) {
            rows[8 * x + column + k][row] = value;
          } else {
            rows[8 * x + row][column + k] = value;
          }
        }
      }
    }
  }
}
