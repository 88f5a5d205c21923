package modelc.ptx;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import modelc.ptx.syntax.Operand;
import modelc.ptx.syntax.Place;
import modelc.ptx.syntax.Statement;
import modelc.ptx.syntax.Type;

/**
 * An instruction while it is decoded: gives its modifiers and operands, notes what it reads and
 * writes, and refuses whatever nobody asked for.
 */
final class Operation {
  private final Decoder decoder;
  private final Scope scope;
  private final Statement.Instruction syntax;
  private final List<Type> types = new ArrayList<>();
  private final List<String> unused = new ArrayList<>();
  private int flops;
  private final Set<Integer> reads = new HashSet<>();
  private final Set<Integer> writes = new HashSet<>();
  private final Set<Integer> touches = new HashSet<>();
  private final Set<Integer> predicateReads = new HashSet<>();
  private final Set<Integer> predicateWrites = new HashSet<>();

  Operation(Decoder decoder, Scope scope, Statement.Instruction syntax) {
    this.decoder = decoder;
    this.scope = scope;
    this.syntax = syntax;
    for (String m : syntax.modifiers()) {
      Type t = Type.named(m);
      if (t != null) {
        types.add(t);
      } else {
        unused.add(m);
      }
    }
  }

  String opcode() {
    return syntax.opcode();
  }

  PtxFault invalid(String problem) {
    Place p = syntax.place();
    return new PtxFault(
        PtxFault.Kind.INVALID_INSTRUCTION,
        "PTX line " + p.line() + ", " + syntax + " " + problem,
        p.line(),
        p.sourceFile(),
        p.sourceLine());
  }

  PtxFault notEmulated() {
    return invalid("is not emulated");
  }

  /** Whether it has this modifier. */
  boolean has(String modifier) {
    return unused.remove(modifier) || syntax.modifiers().contains(modifier);
  }

  /** Which of these modifiers it has; the empty string where it has none of them. */
  String oneOf(String... modifiers) {
    String found = "";
    for (String m : modifiers) {
      found = has(m) ? m : found;
    }
    return found;
  }

  /** The modifiers that nothing has asked for yet. */
  List<String> others() {
    var list = List.copyOf(unused);
    unused.clear();
    return list;
  }

  void ignore(String... modifiers) {
    unused.removeAll(Set.of(modifiers));
  }

  /** Its type: the last where it names several. */
  Type type() {
    if (types.isEmpty()) {
      throw invalid("has no type");
    }
    return types.getLast();
  }

  /** Its k-th type. */
  Type type(int k) {
    if (k >= types.size()) {
      throw invalid("has too few types");
    }
    return types.get(k);
  }

  int typeCount() {
    return types.size();
  }

  int size() {
    return syntax.operands().size();
  }

  void expect(int least, int most) {
    if (size() < least || size() > most) {
      throw invalid("has " + size() + " operands");
    }
  }

  Operand operand(int k) {
    if (k >= size()) {
      throw invalid("has too few operands");
    }
    return syntax.operands().get(k);
  }

  private Symbol find(String name) {
    Symbol s = scope.find(name);
    if (s == null) {
      s = decoder.special(name);
    }
    if (s == null) {
      throw invalid("uses " + name + ", which is not declared");
    }
    return s;
  }

  Flow.Label label(Operand o) {
    if (o instanceof Operand.Name n && scope.find(n.name()) instanceof Symbol.Place p) {
      return p.label();
    }
    throw invalid("needs a label");
  }

  List<Flow.Label> labels(Operand o) {
    if (o instanceof Operand.Name n && scope.find(n.name()) instanceof Symbol.Targets t) {
      return t.labels().stream().map(l -> label(new Operand.Name(l, false))).toList();
    }
    throw invalid("needs a list of branch targets");
  }

  /** Where {@code ret} goes; null where it ends the thread. */
  Flow returns() {
    return scope.end == null ? new Flow.Exit() : new Flow.Branch(scope.end);
  }

  /** The variable that an operand names; null where it is none. */
  Symbol.@org.jspecify.annotations.Nullable Variable variable(Operand o) {
    return o instanceof Operand.Name n && scope.find(n.name()) instanceof Symbol.Variable v
        ? v
        : null;
  }

  // Values. A value register is given by where its lanes begin: its number times 32.

  /** An operand read as a type of exactly its register's width. */
  int src(Operand o, Type type) {
    return src(o, type, type.bits());
  }

  int src(int k, Type type) {
    return src(operand(k), type);
  }

  /** An operand read as a type, from a register of any width from this type's on. */
  int srcWide(Operand o, Type type) {
    return src(o, type, 64);
  }

  private int src(Operand o, Type type, int widest) {
    switch (o) {
      case Operand.Name n -> {
        if (n.negated()) {
          throw invalid("negates " + n.name() + ", which is no predicate");
        }
        switch (find(n.name())) {
          case Symbol.Value v -> {
            checkWidth(v, n.name(), type, widest);
            reads.add(v.register());
            touches.add(v.register());
            return v.register() * 32;
          }
          case Symbol.Variable v -> {
            return address(v, 0, false);
          }
          default -> throw invalid("cannot use " + n.name() + " as a value");
        }
      }
      case Operand.Sum s -> {
        if (find(s.base().name()) instanceof Symbol.Variable v) {
          return address(v, s.offset(), false);
        }
        throw invalid("adds to " + s.base() + ", which is no variable");
      }
      case Operand.Int _, Operand.Real _ -> {
        return constant(o, type);
      }
      default -> throw invalid("cannot use " + o + " as a value");
    }
  }

  private void checkWidth(Symbol.Value v, String name, Type type, int widest) {
    int bits = v.type().bits();
    if (bits < type.bits() || bits > Math.max(widest, type.bits())) {
      throw invalid(
          "uses ." + v.type() + " register " + name + " where it needs " + type.bits() + " bits");
    }
  }

  /** A register with a variable's address. */
  private int address(Symbol.Variable v, long offset, boolean generic) {
    if (v.dynamic()) {
      return decoder.dynamicConstant(v.address() + offset, generic) * 32;
    }
    return decoder.constant(v.address() + offset + (generic ? v.space().base() : 0)) * 32;
  }

  /** A register with a constant. */
  int constant(Operand o, Type type) {
    long bits =
        switch (o) {
          case Operand.Int i -> i.value();
          case Operand.Real x when x.width() == type.bits() -> x.bits();
          case Operand.Real x when x.width() == 64 && type == Type.F32 ->
              Float.floatToRawIntBits((float) Double.longBitsToDouble(x.bits()));
          default -> throw invalid("cannot use " + o + " as ." + type);
        };
    if (o instanceof Operand.Int && type.isFloat() && (type == Type.F32 || type == Type.F64)) {
      throw invalid("needs a floating-point constant, not " + o);
    }
    return decoder.constant(bits & type.mask()) * 32;
  }

  int constant(long value) {
    return decoder.constant(value) * 32;
  }

  /** The value of an operand that has to be an integer constant. */
  long immediate(int k) {
    if (operand(k) instanceof Operand.Int i) {
      return i.value();
    }
    throw invalid("needs a constant, not " + operand(k));
  }

  /** The registers of a vector operand, or the one of a scalar. */
  int[] srcs(Operand o, Type type) {
    if (o instanceof Operand.Vector v) {
      return v.elements().stream().mapToInt(e -> srcWide(e, type)).toArray();
    }
    return new int[] {srcWide(o, type)};
  }

  /** A result of exactly its register's width. */
  int dst(Operand o, Type type) {
    Symbol.Value v = target(o, type);
    checkWidth(v, o.toString(), type, type.bits());
    return v.register() * 32;
  }

  int dst(int k, Type type) {
    return dst(operand(k), type);
  }

  /** A result for a register of any width from this type's on; the rest is for the caller. */
  int dstWide(Operand o, Type type) {
    Symbol.Value v = target(o, type);
    checkWidth(v, o.toString(), type, 64);
    return v.register() * 32;
  }

  private Symbol.Value target(Operand o, Type type) {
    if (o instanceof Operand.Name n && !n.negated()) {
      if (n.name().equals("_")) {
        return new Symbol.Value(decoder.scratch(type), type);
      }
      if (scope.find(n.name()) instanceof Symbol.Value v) {
        writes.add(v.register());
        touches.add(v.register());
        return v;
      }
    }
    throw invalid("cannot write to " + o);
  }

  /** The width of an operand's register, which is 64 for constants. */
  int width(Operand o) {
    return o instanceof Operand.Name n && find(n.name()) instanceof Symbol.Value v
        ? v.type().bits()
        : 64;
  }

  // Predicates. A reference is a number times two, plus one where it is negated.

  boolean isPredicate(Operand o) {
    return o instanceof Operand.Name n && scope.find(n.name()) instanceof Symbol.Predicate;
  }

  int predicate(Operand o) {
    if (o instanceof Operand.Name n && scope.find(n.name()) instanceof Symbol.Predicate p) {
      predicateReads.add(p.register());
      return p.register() * 2 + (n.negated() ? 1 : 0);
    }
    throw invalid("needs a predicate, not " + o);
  }

  /** The number of a predicate that it writes. */
  int predicateTarget(Operand o) {
    if (o instanceof Operand.Name n && !n.negated()) {
      if (n.name().equals("_")) {
        return decoder.scratch(Type.PRED);
      }
      if (scope.find(n.name()) instanceof Symbol.Predicate p) {
        predicateWrites.add(p.register());
        return p.register();
      }
    }
    throw invalid("needs a predicate to write to, not " + o);
  }

  // Addresses.

  /**
   * An address in brackets.
   *
   * @param space where it is: the variable's where it names one
   */
  record Address(Space space, int base, long offset) {}

  Address address(int k, Space space) {
    if (!(operand(k) instanceof Operand.Address a)) {
      throw invalid("needs an address, not " + operand(k));
    }
    Symbol.Variable v = variable(a.base());
    if (v == null) {
      return new Address(space, srcWide(a.base(), Type.U32), a.offset());
    }
    boolean generic = space == Space.GENERIC;
    if (!generic && space != Space.PARAM && space.base() != v.space().base()) {
      throw invalid("uses " + a.base() + ", which is in " + v.space() + " memory");
    }
    return new Address(generic ? space : v.space(), address(v, 0, generic), a.offset());
  }

  // The result.

  /** Registers that it accesses only to write a part of, or whose values it does not need. */
  void readsNothing() {
    reads.clear();
    predicateReads.clear();
  }

  void writesNothing() {
    writes.clear();
    predicateWrites.clear();
  }

  /** It is so many floating-point operations of a thread, a multiply-add being two. */
  void counts(int operations) {
    flops = operations;
  }

  /** Registers that it accesses later than it runs, and that its code looks after. */
  void touchesNothing() {
    touches.clear();
  }

  /** The processor that the module was written for. */
  String target() {
    return decoder.target();
  }

  Inst inst(Flow flow, Code code) {
    if (!unused.isEmpty()) {
      throw invalid("has modifier ." + unused.getFirst() + ", which is not emulated");
    }
    int guard = -1;
    Operand.Name g = syntax.guard();
    if (g != null) {
      if (!(scope.find(g.name()) instanceof Symbol.Predicate p)) {
        throw invalid("is guarded by " + g.name() + ", which is no predicate");
      }
      guard = p.register() * 2 + (g.negated() ? 1 : 0);
    }
    return new Inst(
        flow,
        guard,
        code,
        ints(reads),
        ints(writes),
        ints(touches),
        ints(predicateReads),
        ints(predicateWrites),
        flops,
        syntax.place(),
        syntax.toString());
  }

  /** A branch taken where the guard does not hold. */
  Inst branchUnlessGuard(Flow.Label to) {
    unused.clear();
    Inst i = inst(new Flow.Branch(to), (w, mask) -> {});
    return new Inst(
        i.flow(),
        i.guard() ^ 1,
        i.code(),
        new int[0],
        new int[0],
        new int[0],
        new int[0],
        new int[0],
        i.flops(),
        i.place(),
        i.text());
  }

  private static int[] ints(Set<Integer> set) {
    return set.stream().mapToInt(Integer::intValue).sorted().toArray();
  }
}
