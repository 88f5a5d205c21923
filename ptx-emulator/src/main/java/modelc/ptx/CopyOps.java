package modelc.ptx;

import modelc.ptx.syntax.Operand;
import modelc.ptx.syntax.Type;

/** Decodes asynchronous copies from global to shared memory. */
final class CopyOps {
  private CopyOps() {}

  static Inst decode(Operation o) {
    if (!o.has("async")) {
      throw o.notEmulated();
    }
    if (o.has("bulk") || o.has("mbarrier") || o.has("tensor")) {
      throw o.invalid("is not emulated: clusters, mbarrier and TMA are not yet");
    }
    Code code =
        switch (o.oneOf("commit_group", "wait_group", "wait_all")) {
          case "commit_group" -> (w, mask) -> w.copies.commit(mask);
          case "wait_group" -> {
            int pending = (int) o.immediate(0);
            yield (w, mask) -> w.copies.await(mask, pending);
          }
          case "wait_all" ->
              (w, mask) -> {
                w.copies.commit(mask);
                w.copies.await(mask, 0);
              };
          default -> copy(o);
        };
    return o.inst(new Flow.Next(), code);
  }

  private static Code copy(Operation o) {
    boolean around = o.oneOf("ca", "cg").equals("cg");
    o.ignore("shared", "shared::cta", "global");
    MemoryOps.ignoreHints(o);
    o.expect(3, 5);
    Operation.Address to = o.address(0, Space.SHARED);
    Operation.Address from = o.address(1, Space.GLOBAL);
    int bytes = (int) o.immediate(2);
    if (bytes != 16 && (around || (bytes != 4 && bytes != 8))) {
      throw o.invalid("copies 16 bytes, or with .ca 4 or 8");
    }
    boolean hasPredicate = o.size() > 3 && o.isPredicate(o.operand(3));
    int ignored = hasPredicate ? o.predicate(o.operand(3)) : -1;
    int read = o.size() > 3 && !hasPredicate ? o.src(o.operand(3), Type.U32) : o.constant(bytes);
    if (o.size() == 5 && o.operand(4) instanceof Operand.Name) {
      o.src(4, Type.B64);
    }
    return (w, mask) -> {
      int zero = ignored < 0 ? 0 : w.predicate(ignored);
      for (int m = mask; m != 0; m &= m - 1) {
        int i = Integer.numberOfTrailingZeros(m);
        long n = (zero >>> i & 1) != 0 ? 0 : w.r[read + i];
        if (n > bytes) {
          throw w.fault(
              PtxFault.Kind.INVALID_INSTRUCTION, i, "reads " + n + " bytes to copy " + bytes);
        }
        copy(w, i, to, from, bytes, (int) n);
      }
    };
  }

  /** Copies {@code n} bytes and fills up with zeros. */
  private static void copy(
      Warp w, int lane, Operation.Address to, Operation.Address from, int bytes, int n) {
    Memory memory = w.block.memory;
    long source = w.r[from.base() + lane] + from.offset();
    long low = 0;
    long high = 0;
    if (n == bytes) {
      memory.read(w, lane, from.space(), source, bytes, false);
      low = memory.value(0, Math.min(8, bytes));
      high = bytes == 16 ? memory.value(8, 8) : 0;
    } else {
      for (int k = 0; k < n; k++) {
        memory.read(w, lane, from.space(), source + k, 1, false);
        long b = memory.value(0, 1);
        low |= k < 8 ? b << (8 * k) : 0;
        high |= k < 8 ? 0 : b << (8 * (k - 8));
      }
    }
    long target = w.r[to.base() + lane] + to.offset();
    memory.write(w, lane, to.space(), target, bytes, false);
    w.copies.issue(lane, bytes, low, high);
  }
}
