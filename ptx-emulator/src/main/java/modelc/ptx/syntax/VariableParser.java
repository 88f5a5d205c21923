package modelc.ptx.syntax;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import modelc.ptx.syntax.Lexer.Kind;
import org.jspecify.annotations.Nullable;

/** Parses declarations of variables and parameters. */
final class VariableParser {
  private static final Set<String> SPACES =
      Set.of("reg", "shared", "local", "param", "global", "const");

  private final Tokens t;

  VariableParser(Tokens tokens) {
    t = tokens;
  }

  /** The variables of a directive such as {@code .shared .align 4 .b8 a[64], b[64];}. */
  List<Variable> declaration() {
    var list = new ArrayList<Variable>();
    String space = space();
    int align = align();
    int elements = vector();
    Type type = type();
    do {
      list.add(variable(space, align, elements, type));
    } while (t.takeMark(","));
    t.mark(";");
    return list;
  }

  /** Parameters in parentheses. */
  List<Variable> parameters() {
    t.mark("(");
    var list = new ArrayList<Variable>();
    while (!t.takeMark(")")) {
      if (!list.isEmpty()) {
        t.mark(",");
      }
      String space = space();
      int align = align();
      Type type = type();
      // What a pointer points to is for the assembler: the emulator looks at addresses.
      while (t.is(Kind.DOT)) {
        if (t.next().text().equals("align")) {
          t.integer();
        }
      }
      list.add(variable(space, align, 1, type));
    }
    return list;
  }

  private String space() {
    String space = t.take(Kind.DOT, "a directive").text();
    if (!SPACES.contains(space)) {
      throw new SyntaxException(t.line(), "." + space + " is not supported");
    }
    return space;
  }

  private int align() {
    return t.takeDot("align") ? t.small("an alignment", 1 << 20) : 0;
  }

  private int vector() {
    return t.takeDot("v2") ? 2 : t.takeDot("v4") ? 4 : 1;
  }

  Type type() {
    String name = t.take(Kind.DOT, "a type").text();
    Type type = Type.named(name);
    if (type == null) {
      throw new SyntaxException(t.line(), "." + name + " is no supported type");
    }
    return type;
  }

  private Variable variable(String space, int align, int elements, Type type) {
    String name = t.word("a name");
    int line = t.line();
    long count = elements;
    while (t.takeMark("[")) {
      count = t.isMark("]") ? -1 : Math.multiplyExact(count, t.integer());
      t.mark("]");
    }
    long bytes = count < 0 ? -1 : count * type.bytes();
    byte[] initial = t.takeMark("=") ? initial(type, bytes, line) : null;
    if (initial != null && bytes < 0) {
      bytes = initial.length;
    }
    int natural = type.bytes() * elements;
    return new Variable(space, type, align == 0 ? natural : align, name, bytes, initial);
  }

  private byte @Nullable [] initial(Type type, long bytes, int line) {
    var values = new ArrayList<Long>();
    if (t.takeMark("{")) {
      while (!t.takeMark("}")) {
        if (!values.isEmpty()) {
          t.mark(",");
        }
        values.add(value(type));
      }
    } else {
      values.add(value(type));
    }
    long size = bytes < 0 ? (long) values.size() * type.bytes() : bytes;
    if ((long) values.size() * type.bytes() > size || size > Integer.MAX_VALUE) {
      throw new SyntaxException(line, "more initial values than elements");
    }
    ByteBuffer b = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
    for (long v : values) {
      switch (type.bytes()) {
        case 1 -> b.put((byte) v);
        case 2 -> b.putShort((short) v);
        case 4 -> b.putInt((int) v);
        default -> b.putLong(v);
      }
    }
    return b.array();
  }

  private long value(Type type) {
    boolean negative = t.takeMark("-");
    if (!t.is(Kind.REAL)) {
      long v = t.integer();
      return negative ? -v : v;
    }
    Lexer.Token real = t.next();
    if (real.width() == type.bits()) {
      return real.value() ^ (negative ? 1L << (real.width() - 1) : 0);
    }
    if (real.width() == 32 || type != Type.F32) {
      throw new SyntaxException(real.line(), real.text() + " is no ." + type);
    }
    float f = (float) Double.longBitsToDouble(real.value());
    return Float.floatToRawIntBits(negative ? -f : f) & type.mask();
  }
}
