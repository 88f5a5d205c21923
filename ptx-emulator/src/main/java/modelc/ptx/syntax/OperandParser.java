package modelc.ptx.syntax;

import java.util.ArrayList;
import java.util.List;
import modelc.ptx.syntax.Lexer.Kind;

/** Parses the operands of instructions. */
final class OperandParser {
  private final Tokens t;

  OperandParser(Tokens tokens) {
    t = tokens;
  }

  Operand operand() {
    if (t.isMark("[")) {
      return address();
    }
    if (t.takeMark("{")) {
      return new Operand.Vector(list("}"));
    }
    if (t.takeMark("(")) {
      return new Operand.Arguments(list(")"));
    }
    Operand first = simple();
    if (t.takeMark("|")) {
      return new Operand.Pair(first, simple());
    }
    if (first instanceof Operand.Name n && (t.isMark("+") || t.isMark("-"))) {
      return new Operand.Sum(n, offset());
    }
    return first;
  }

  private List<Operand> list(String end) {
    var elements = new ArrayList<Operand>();
    while (!t.takeMark(end)) {
      if (!elements.isEmpty()) {
        t.mark(",");
      }
      elements.add(operand());
    }
    return elements;
  }

  private Operand simple() {
    if (t.takeMark("!")) {
      return new Operand.Name(name(), true);
    }
    if (t.is(Kind.WORD)) {
      return new Operand.Name(name(), false);
    }
    boolean negative = t.takeMark("-");
    if (t.is(Kind.REAL)) {
      Lexer.Token real = t.next();
      long sign = negative ? 1L << (real.width() - 1) : 0;
      return new Operand.Real(real.value() ^ sign, real.width());
    }
    long value = t.take(Kind.INT, "an operand").value();
    return new Operand.Int(negative ? -value : value);
  }

  /** A name, with the component of a special register such as {@code %tid.x}. */
  private String name() {
    String name = t.word("a name");
    boolean special = name.startsWith("%");
    if (special && (t.isDot("x") || t.isDot("y") || t.isDot("z") || t.isDot("w"))) {
      name += "." + t.next().text();
    }
    return name;
  }

  private Operand address() {
    t.mark("[");
    Operand base = simple();
    long offset = t.isMark("+") || t.isMark("-") ? offset() : 0;
    if (t.isMark(",")) {
      throw new SyntaxException(t.line(), "tensor and texture operands are not supported");
    }
    t.mark("]");
    return new Operand.Address(base, offset);
  }

  private long offset() {
    long offset = 0;
    while (t.isMark("+") || t.isMark("-")) {
      // The parser of integers takes a minus sign.
      t.takeMark("+");
      offset += t.integer();
    }
    return offset;
  }
}
