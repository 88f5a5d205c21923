package modelc.ptx;

import modelc.ptx.syntax.Type;

/** Decodes branches and ends. */
final class ControlOps {
  private static final Code NOTHING = (w, mask) -> {};

  private ControlOps() {}

  static Inst decode(Operation o) {
    o.ignore("uni");
    return switch (o.opcode()) {
      case "bra" -> {
        o.expect(1, 1);
        yield o.inst(new Flow.Branch(o.label(o.operand(0))), NOTHING);
      }
      case "brx" -> indexed(o);
      case "ret" -> o.inst(o.returns(), NOTHING);
      case "exit" -> o.inst(new Flow.Exit(), NOTHING);
      default -> o.inst(new Flow.Next(), ControlOps::trap);
    };
  }

  private static Inst indexed(Operation o) {
    if (!o.has("idx")) {
      throw o.notEmulated();
    }
    o.expect(2, 2);
    int index = o.src(0, Type.U32);
    return o.inst(new Flow.Indexed(index, o.labels(o.operand(1))), NOTHING);
  }

  private static void trap(Warp w, int mask) {
    throw w.fault(PtxFault.Kind.TRAP, Integer.numberOfTrailingZeros(mask), "stops the kernel");
  }
}
