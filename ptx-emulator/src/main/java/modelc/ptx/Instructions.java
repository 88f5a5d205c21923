package modelc.ptx;

import modelc.ptx.syntax.Type;

/** Decodes an instruction: finds the family that it belongs to. */
final class Instructions {
  private Instructions() {}

  static Inst decode(Operation o) {
    return switch (o.opcode()) {
      case "bra", "brx", "ret", "exit", "trap", "brkpt" -> ControlOps.decode(o);
      case "bar", "barrier" -> BarrierOps.decode(o);
      case "shfl", "vote", "match", "redux", "activemask", "elect" -> WarpOps.decode(o);
      case "mma", "ldmatrix", "stmatrix" -> MatrixOps.decode(o);
      case "cp" -> CopyOps.decode(o);
      case "wgmma" -> WgmmaOps.decode(o);
      case "mbarrier", "wmma", "tcgen05", "mapa", "getctarank", "multimem", "tensormap" ->
          throw o.invalid("is not emulated: clusters, mbarrier and TMA are not yet");
      default -> o.inst(new Flow.Next(), plain(o));
    };
  }

  private static Code plain(Operation o) {
    if (CarryOps.is(o)) {
      return CarryOps.decode(o);
    }
    return switch (o.opcode()) {
      case "mov" -> MoveOps.mov(o);
      case "selp", "slct", "prmt" -> MoveOps.select(o);
      case "cvta", "isspacep" -> MoveOps.address(o);
      case "ld", "ldu", "st", "prefetch", "prefetchu" -> MemoryOps.decode(o);
      case "atom", "red" -> AtomicOps.decode(o);
      case "setp", "set", "testp" -> CompareOps.decode(o);
      case "cvt" -> ConvertOps.decode(o);
      case "add", "sub", "mul", "mad", "div", "min", "max", "abs", "neg" ->
          o.type().isFloat() ? FloatOps.decode(o) : IntegerOps.decode(o);
      case "fma", "copysign" -> FloatOps.decode(o);
      case "rcp", "sqrt", "rsqrt", "ex2", "lg2", "sin", "cos", "tanh" -> FunctionOps.decode(o);
      case "and", "or", "xor", "not", "cnot", "lop3" ->
          o.type() == Type.PRED ? MoveOps.predicateLogic(o) : BitOps.decode(o);
      case "shl", "shr", "shf", "bfe", "bfi", "clz", "popc", "brev", "bfind", "bmsk", "szext" ->
          BitOps.decode(o);
      case "rem", "sad", "mul24", "mad24" -> IntegerOps.decode(o);
      case "fence" -> o.has("proxy") ? WgmmaOps.proxyFence(o) : MoveOps.hint(o);
      case "membar",
          "nanosleep",
          "griddepcontrol",
          "pmevent",
          "setmaxnreg",
          "discard",
          "applypriority",
          "createpolicy" ->
          MoveOps.hint(o);
      default -> throw o.invalid("is no instruction that is emulated");
    };
  }
}
