package modelc.ptx.syntax;

import java.util.List;
import java.util.stream.Collectors;

/** An operand of an instruction, as written. */
public sealed interface Operand {

  /** A register, variable, label or function: what it names is found by its scope. */
  record Name(String name, boolean negated) implements Operand {
    @Override
    public String toString() {
      return (negated ? "!" : "") + name;
    }
  }

  /** An integer. */
  record Int(long value) implements Operand {
    @Override
    public String toString() {
      return Long.toString(value);
    }
  }

  /**
   * A floating-point constant.
   *
   * @param bits of float64 where {@code width} is 64, of float32 where it is 32
   */
  record Real(long bits, int width) implements Operand {
    @Override
    public String toString() {
      return width == 32 ? "0f%08X".formatted(bits) : "0d%016X".formatted(bits);
    }
  }

  /** A register, variable or integer plus a constant, in brackets: what is at this address. */
  record Address(Operand base, long offset) implements Operand {
    @Override
    public String toString() {
      return "[" + base + (offset == 0 ? "" : offset > 0 ? "+" + offset : "" + offset) + "]";
    }
  }

  /** A variable's address plus a constant. */
  record Sum(Name base, long offset) implements Operand {
    @Override
    public String toString() {
      return base + "+" + offset;
    }
  }

  /** Operands in braces. */
  record Vector(List<Operand> elements) implements Operand {
    @Override
    public String toString() {
      return elements.stream().map(Operand::toString).collect(Collectors.joining(", ", "{", "}"));
    }
  }

  /** Two results, the second a predicate: {@code d|p}. */
  record Pair(Operand first, Operand second) implements Operand {
    @Override
    public String toString() {
      return first + "|" + second;
    }
  }

  /** The parameters of a call, in parentheses. */
  record Arguments(List<Operand> elements) implements Operand {
    @Override
    public String toString() {
      return elements.stream().map(Operand::toString).collect(Collectors.joining(", ", "(", ")"));
    }
  }
}
