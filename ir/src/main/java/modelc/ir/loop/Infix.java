package modelc.ir.loop;

import java.util.Optional;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;

/** The operators of the text form of Loop IR, and how tightly they bind. */
enum Infix {
  OR("|", 1),
  XOR("^", 2),
  AND("&", 3),
  EQ("==", 4),
  NE("!=", 4),
  LT("<", 4),
  LE("<=", 4),
  GT(">", 4),
  GE(">=", 4),
  SHIFT_LEFT("<<", 5),
  SHIFT_RIGHT_LOGICAL(">>>", 5),
  ADD("+", 6),
  SUBTRACT("-", 6),
  MULTIPLY("*", 7),
  DIVIDE("/", 7),
  REMAINDER("%", 7);

  final String text;
  final int precedence;

  /** Groups to the left; comparisons do not group at all. */
  final boolean associative;

  Infix(String text, int precedence) {
    this.text = text;
    this.precedence = precedence;
    this.associative = precedence != 4;
  }

  static Optional<Infix> of(BinaryFn fn) {
    return switch (fn) {
      case ADD -> Optional.of(ADD);
      case SUBTRACT -> Optional.of(SUBTRACT);
      case MULTIPLY -> Optional.of(MULTIPLY);
      case DIVIDE -> Optional.of(DIVIDE);
      case REMAINDER -> Optional.of(REMAINDER);
      case AND -> Optional.of(AND);
      case OR -> Optional.of(OR);
      case XOR -> Optional.of(XOR);
      case SHIFT_LEFT -> Optional.of(SHIFT_LEFT);
      case SHIFT_RIGHT_LOGICAL -> Optional.of(SHIFT_RIGHT_LOGICAL);
      case POWER, MAXIMUM, MINIMUM -> Optional.empty();
    };
  }

  static Infix of(CompareFn fn) {
    return switch (fn) {
      case EQ -> EQ;
      case NE -> NE;
      case LT -> LT;
      case LE -> LE;
      case GT -> GT;
      case GE -> GE;
    };
  }

  /** The expression it stands for. */
  Expr make(Expr x, Expr y) {
    return switch (this) {
      case EQ, NE, LT, LE, GT, GE -> new Expr.Compare(CompareFn.valueOf(name()), x, y);
      case OR,
          XOR,
          AND,
          SHIFT_LEFT,
          SHIFT_RIGHT_LOGICAL,
          ADD,
          SUBTRACT,
          MULTIPLY,
          DIVIDE,
          REMAINDER ->
          new Expr.Binary(BinaryFn.valueOf(name()), x, y);
    };
  }
}
