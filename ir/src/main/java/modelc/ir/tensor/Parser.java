package modelc.ir.tensor;

import static modelc.ir.tensor.TokenReader.error;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Origin;
import modelc.ir.ParseException;
import modelc.ir.Shape;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.tensor.Lexer.Kind;
import modelc.ir.tensor.Lexer.Token;

/**
 * Reads the text form {@link Printer} writes, to the same graph: one value a line, none merged.
 * Every line is typed again and must have the type it states.
 *
 * <p>It does not read origins, which are comments, and does not verify entries; {@link Verifier}
 * does.
 */
public final class Parser {
  private final TokenReader in;
  private final OpParser ops;
  private final Map<String, Symbol> symbols = new HashMap<>();
  private final Map<String, Callable> callables = new HashMap<>();

  private Parser(String text) {
    in = new TokenReader(text);
    ops = new OpParser(in, this::dim, callables);
  }

  /**
   * A whole program.
   *
   * @throws ParseException if the text is malformed or an op in it ill-typed
   */
  public static Program parseProgram(String text) {
    var p = new Parser(text);
    p.in.expect("program");
    String model = p.in.name();
    var entries = new ArrayList<Entry>();
    p.header();
    while (p.in.peek().kind() != Kind.END) {
      entries.add(p.entry());
      p.header();
    }
    return new Program(model, entries);
  }

  /**
   * Symbols, callables, then one entry.
   *
   * @throws ParseException if the text is malformed or an op in it ill-typed
   */
  public static Entry parseEntry(String text) {
    var p = new Parser(text);
    p.header();
    Entry entry = p.entry();
    p.in.end();
    return entry;
  }

  /**
   * Symbols, callables, then one function.
   *
   * @throws ParseException if the text is malformed or an op in it ill-typed
   */
  public static Function parseFunction(String text) {
    var p = new Parser(text);
    p.header();
    p.in.expect("function");
    Function f = p.function();
    p.in.end();
    return f;
  }

  private void header() {
    while (true) {
      if (in.accept("symbol")) {
        symbol();
      } else if (in.accept("callable")) {
        callable();
      } else {
        return;
      }
    }
  }

  private void symbol() {
    Token at = in.peek();
    String name = in.name();
    in.expect("max");
    long max = in.integer();
    if (max < 1) {
      throw error(at, "symbol " + name + " needs a maximum of at least 1");
    }
    if (symbols.put(name, new Symbol(name, max)) != null) {
      throw error(at, "symbol " + name + " is declared twice");
    }
  }

  private void callable() {
    Token label = in.take(Kind.CALLABLE);
    String name = in.accept("named") ? in.name() : label.text();
    in.expect("{");
    in.expect("body");
    Function body = function();
    Function gradient = in.accept("gradient") ? function() : null;
    String noGradient = in.accept("no_gradient") ? in.name() : null;
    in.expect("}");
    if (callables.put(label.text(), new Callable(name, body, gradient, noGradient)) != null) {
      throw error(label, "callable @" + label.text() + " is declared twice");
    }
  }

  private Function function() {
    String name = in.name();
    in.expect("{");
    var scope = new Scope();
    var parameters = new ArrayList<Value>();
    while (in.accept("argument")) {
      parameters.add(argument(scope));
    }
    body(scope);
    var results = new ArrayList<Value>();
    while (in.accept("result")) {
      results.add(scope.use());
    }
    in.expect("}");
    return new Function(name, parameters, results);
  }

  private Entry entry() {
    in.expect("entry");
    String name = in.name();
    in.expect("{");
    var scope = new Scope();
    var arguments = new ArrayList<Entry.Argument>();
    while (in.accept("argument")) {
      String argument = in.peek().text();
      Value value = argument(scope);
      arguments.add(new Entry.Argument(argument, in.constant(Entry.Kind.values()), value));
    }
    body(scope);
    var results = new ArrayList<Entry.Result>();
    while (in.accept("result")) {
      String result = in.name();
      in.expect("=");
      Value value = scope.use();
      Entry.Kind kind = in.constant(Entry.Kind.values());
      OptionalInt aliases = in.accept("aliases") ? alias(scope, arguments) : OptionalInt.empty();
      results.add(new Entry.Result(result, kind, value, aliases));
    }
    in.expect("}");
    return new Entry(name, arguments, results);
  }

  private OptionalInt alias(Scope scope, List<Entry.Argument> arguments) {
    if (in.accept("#")) {
      return OptionalInt.of(in.axis());
    }
    Token at = in.peek();
    Value value = scope.use();
    for (int i = 0; i < arguments.size(); i++) {
      if (arguments.get(i).value() == value) {
        return OptionalInt.of(i);
      }
    }
    throw error(at, at.show() + " is no argument");
  }

  private Value argument(Scope scope) {
    Token name = in.take(Kind.VALUE);
    in.expect(":");
    return scope.define(name, new Op.Parameter(name.text(), type()));
  }

  private void body(Scope scope) {
    while (in.peek().kind() == Kind.VALUE || in.peek().kind() == Kind.TEMPORARY) {
      Token name = in.take(in.peek().kind());
      in.expect(":");
      TensorType type = type();
      in.expect("=");
      Token at = in.peek();
      String mnemonic = in.name();
      List<Value> operands = in.peek().is("(") ? in.list("(", ")", scope::use) : List.of();
      Op op = ops.op(at, mnemonic, type, operands);
      Value value = scope.define(name, op);
      if (!value.type().equals(type)) {
        throw error(name, name.show() + " is " + value.type() + ", not " + type);
      }
    }
  }

  private TensorType type() {
    Token at = in.peek();
    String name = in.name();
    try {
      DType dtype = DType.parse(name);
      return new TensorType(dtype, new Shape(in.list("[", "]", this::dim)));
    } catch (IllegalArgumentException e) {
      throw error(at, String.valueOf(e.getMessage()));
    }
  }

  /** {@code 28}, {@code batch} or {@code 28*batch*time}. */
  private Dim dim() {
    Dim dim = Dim.ONE;
    do {
      Token at = in.peek();
      try {
        dim =
            dim.times(
                at.kind() == Kind.NUMBER
                    ? Dim.of(in.integer())
                    : Dim.of(symbolNamed(in.name(), at)));
      } catch (ArithmeticException | IllegalArgumentException e) {
        throw error(at, String.valueOf(e.getMessage()));
      }
    } while (in.accept("*"));
    return dim;
  }

  private Symbol symbolNamed(String name, Token at) {
    Symbol symbol = symbols.get(name);
    if (symbol == null) {
      throw error(at, "symbol " + name + " is not declared above");
    }
    return symbol;
  }

  /** The values of one function by name. */
  private final class Scope {
    private final Map<String, Value> values = new HashMap<>();

    Value define(Token name, Op op) {
      Value value;
      try {
        value = new Value(TypeRules.typeOf(op), op, Origin.NONE);
      } catch (IllTypedException e) {
        throw error(name, String.valueOf(e.getMessage()));
      }
      if (values.put(key(name), value) != null) {
        throw error(name, name.show() + " is defined twice");
      }
      return value;
    }

    Value use() {
      Token name = in.peek();
      Value value = values.get(key(name));
      if (value == null) {
        throw error(name, name.show() + " is not defined above");
      }
      in.take(name.kind());
      return value;
    }

    /** A parameter that is called "5" is not the value %5. */
    private String key(Token name) {
      return name.kind() + " " + name.text();
    }
  }
}
