package modelc.ptx;

/** How a result that no value of its format equals is rounded. */
enum Rounding {
  /** To the nearest, ties to even. */
  RN,
  /** Towards zero. */
  RZ,
  /** Down. */
  RM,
  /** Up. */
  RP,
  /** To the nearest, ties away from zero. */
  RNA;

  /** The rounding that an instruction names; to nearest where it names none. */
  static Rounding of(Operation o) {
    return switch (o.oneOf("rn", "rz", "rm", "rp", "rna")) {
      case "rz" -> RZ;
      case "rm" -> RM;
      case "rp" -> RP;
      case "rna" -> RNA;
      default -> RN;
    };
  }

  /** Rounds to an integer. */
  double integer(double x) {
    return switch (this) {
      case RN -> Math.rint(x);
      case RZ -> x < 0 ? Math.ceil(x) : Math.floor(x);
      case RM -> Math.floor(x);
      case RP -> Math.ceil(x);
      case RNA -> Math.copySign(Math.floor(Math.abs(x) + 0.5), x);
    };
  }

  /** Whether it gives infinity, not the largest finite value, beyond the finite values. */
  boolean overflows(boolean negative) {
    return switch (this) {
      case RN, RNA -> true;
      case RZ -> false;
      case RM -> negative;
      case RP -> !negative;
    };
  }
}
