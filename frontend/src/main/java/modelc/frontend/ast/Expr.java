package modelc.frontend.ast;

import java.util.List;
import modelc.ir.Span;
import org.jspecify.annotations.Nullable;

/** An expression as written. It has a place and no type: types are found by evaluating it. */
public sealed interface Expr {
  Span span();

  record IntLiteral(long value, Span span) implements Expr {}

  record FloatLiteral(double value, Span span) implements Expr {}

  record BoolLiteral(boolean value, Span span) implements Expr {}

  /** Text with values in it: {@code "{c} channels"}. */
  record Text(List<Piece> pieces, Span span) implements Expr {}

  /** A piece of a text: either characters, or an expression whose value is shown. */
  sealed interface Piece {
    record Characters(String text) implements Piece {}

    record Shown(Expr value) implements Piece {}
  }

  record Name(String name, Span span) implements Expr {}

  /** {@code [a, b, ...s]}. */
  record ListOf(List<Expr> items, Span span) implements Expr {}

  /** {@code ...s} inside a list: the sizes a pattern's {@code ...s} matched, or a list's items. */
  record Spread(Name list, Span span) implements Expr {}

  record Call(Expr callee, List<Argument> arguments, Span span) implements Expr {}

  record Argument(@Nullable Name name, Expr value) {}

  record Index(Expr list, Expr index, Span span) implements Expr {}

  record Member(Expr owner, Name member, Span span) implements Expr {}

  record Prefix(PrefixOp op, Expr operand, Span span) implements Expr {}

  /** {@code operator} is the place of the operator itself. */
  record Infix(InfixOp op, Expr left, Expr right, Span operator, Span span) implements Expr {}

  record Conditional(Expr condition, Expr onTrue, Expr onFalse, Span span) implements Expr {}

  /** {@code input -> label: stage}. */
  record Arrow(Expr input, @Nullable Name label, Expr stage, Span span) implements Expr {}

  enum PrefixOp {
    NEGATE("-"),
    NOT("not");

    private final String text;

    PrefixOp(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  enum InfixOp {
    POWER("^"),
    MULTIPLY("*"),
    DIVIDE("/"),
    REMAINDER("%"),
    MATMUL("@"),
    ADD("+"),
    SUBTRACT("-"),
    RANGE(".."),
    EQ("=="),
    NE("!="),
    LT("<"),
    LE("<="),
    GT(">"),
    GE(">="),
    AND("and"),
    OR("or");

    private final String text;

    InfixOp(String text) {
      this.text = text;
    }

    public boolean isComparison() {
      return switch (this) {
        case EQ, NE, LT, LE, GT, GE -> true;
        case POWER, MULTIPLY, DIVIDE, REMAINDER, MATMUL, ADD, SUBTRACT, RANGE, AND, OR -> false;
      };
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
