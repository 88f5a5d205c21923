package modelc.ptx;

import modelc.ptx.syntax.Operand;
import modelc.ptx.syntax.Type;

/** Decodes barriers: those of a block, and that of a warp. */
final class BarrierOps {
  private BarrierOps() {}

  static Inst decode(Operation o) {
    if (o.has("warp")) {
      o.ignore("sync");
      o.expect(1, 1);
      int members = o.src(0, Type.B32);
      return o.inst(new Flow.Sync(members), (w, mask) -> w.advance());
    }
    o.ignore("cta");
    if (o.has("cluster")) {
      throw o.invalid("is not emulated: clusters are not yet");
    }
    boolean aligned = o.has("aligned") || o.opcode().equals("bar");
    String what = o.oneOf("sync", "arrive", "red");
    return switch (what) {
      case "sync" -> sync(o, aligned, true);
      case "arrive" -> sync(o, aligned, false);
      case "red" -> reduction(o, aligned);
      default -> throw o.notEmulated();
    };
  }

  private static Inst sync(Operation o, boolean aligned, boolean waits) {
    o.expect(waits ? 1 : 2, 2);
    int id = o.src(0, Type.U32);
    int count = o.size() > 1 ? o.src(1, Type.U32) : -1;
    return o.inst(new Flow.Barrier(id, count, aligned, waits, -1), (w, mask) -> {});
  }

  private static Inst reduction(Operation o, boolean aligned) {
    o.expect(3, 4);
    String op = o.oneOf("popc", "and", "or");
    int id = o.src(1, Type.U32);
    int count = o.size() == 4 ? o.src(2, Type.U32) : -1;
    Operand last = o.operand(o.size() - 1);
    var flow = new Flow.Barrier(id, count, aligned, true, o.predicate(last));
    if (op.equals("popc")) {
      int d = o.dst(0, Type.U32);
      return o.inst(
          flow,
          (w, mask) -> {
            for (int m = mask; m != 0; m &= m - 1) {
              w.r[d + Integer.numberOfTrailingZeros(m)] = w.block.votes;
            }
          });
    }
    int d = o.predicateTarget(o.operand(0));
    boolean and = op.equals("and");
    return o.inst(
        flow,
        (w, mask) -> {
          boolean holds = and ? w.block.votes == w.block.voters : w.block.votes > 0;
          w.p[d] = holds ? w.p[d] | mask : w.p[d] & ~mask;
        });
  }
}
