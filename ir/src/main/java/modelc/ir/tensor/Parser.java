package modelc.ir.tensor;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Supplier;
import modelc.ir.BinaryFn;
import modelc.ir.CompareFn;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Origin;
import modelc.ir.ParseException;
import modelc.ir.ReduceFn;
import modelc.ir.Shape;
import modelc.ir.Symbol;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Lexer.Kind;
import modelc.ir.tensor.Lexer.Token;

/**
 * Reads the text form {@link Printer} writes, to the same graph: one value a line, none merged. Every line is typed
 * again and must have the type it states.
 *
 * <p>It does not read origins, which are comments, and does not verify entries; {@link Verifier} does.
 */
public final class Parser {
  private final List<Token> tokens;
  private int at;
  private final Map<String, Symbol> symbols = new HashMap<>();
  private final Map<String, Callable> callables = new HashMap<>();

  private Parser(String text) {
    tokens = Lexer.tokens(text);
  }

  /**
   * A whole program.
   *
   * @throws ParseException if the text is malformed or an op in it ill-typed
   */
  public static Program parseProgram(String text) {
    var p = new Parser(text);
    p.expect("program");
    String model = p.name();
    var entries = new ArrayList<Entry>();
    p.header();
    while (p.peek().kind() != Kind.END) {
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
    p.end();
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
    p.expect("function");
    Function f = p.function();
    p.end();
    return f;
  }

  private void header() {
    while (true) {
      if (accept("symbol")) {
        symbol();
      } else if (accept("callable")) {
        callable();
      } else {
        return;
      }
    }
  }

  private void symbol() {
    Token at = peek();
    String name = name();
    expect("max");
    long max = integer();
    if (max < 1) {
      throw error(at, "symbol " + name + " needs a maximum of at least 1");
    }
    if (symbols.put(name, new Symbol(name, max)) != null) {
      throw error(at, "symbol " + name + " is declared twice");
    }
  }

  private void callable() {
    Token label = take(Kind.CALLABLE);
    String name = accept("named") ? name() : label.text();
    expect("{");
    expect("body");
    Function body = function();
    Function gradient = accept("gradient") ? function() : null;
    String noGradient = accept("no_gradient") ? name() : null;
    expect("}");
    if (callables.put(label.text(), new Callable(name, body, gradient, noGradient)) != null) {
      throw error(label, "callable @" + label.text() + " is declared twice");
    }
  }

  private Function function() {
    String name = name();
    expect("{");
    var scope = new Scope();
    var parameters = new ArrayList<Value>();
    while (accept("argument")) {
      parameters.add(argument(scope));
    }
    body(scope);
    var results = new ArrayList<Value>();
    while (accept("result")) {
      results.add(scope.use());
    }
    expect("}");
    return new Function(name, parameters, results);
  }

  private Entry entry() {
    expect("entry");
    String name = name();
    expect("{");
    var scope = new Scope();
    var arguments = new ArrayList<Entry.Argument>();
    while (accept("argument")) {
      String argument = peek().text();
      Value value = argument(scope);
      arguments.add(new Entry.Argument(argument, constant(Entry.Kind.values()), value));
    }
    body(scope);
    var results = new ArrayList<Entry.Result>();
    while (accept("result")) {
      String result = name();
      expect("=");
      Value value = scope.use();
      Entry.Kind kind = constant(Entry.Kind.values());
      OptionalInt aliases = accept("aliases") ? alias(scope, arguments) : OptionalInt.empty();
      results.add(new Entry.Result(result, kind, value, aliases));
    }
    expect("}");
    return new Entry(name, arguments, results);
  }

  private OptionalInt alias(Scope scope, List<Entry.Argument> arguments) {
    if (accept("#")) {
      return OptionalInt.of(axis());
    }
    Token at = peek();
    Value value = scope.use();
    for (int i = 0; i < arguments.size(); i++) {
      if (arguments.get(i).value() == value) {
        return OptionalInt.of(i);
      }
    }
    throw error(at, at.show() + " is no argument");
  }

  private Value argument(Scope scope) {
    Token name = take(Kind.VALUE);
    expect(":");
    return scope.define(name, new Op.Parameter(name.text(), type()));
  }

  private void body(Scope scope) {
    while (peek().kind() == Kind.VALUE || peek().kind() == Kind.TEMPORARY) {
      Token name = tokens.get(at++);
      expect(":");
      TensorType type = type();
      expect("=");
      Token at = peek();
      String mnemonic = name();
      List<Value> operands = peek().is("(") ? list("(", ")", scope::use) : List.of();
      Op op = op(at, mnemonic, type, operands);
      Value value = scope.define(name, op);
      if (!value.type().equals(type)) {
        throw error(name, name.show() + " is " + value.type() + ", not " + type);
      }
    }
  }

  private Op op(Token at, String mnemonic, TensorType type, List<Value> operands) {
    int arity = arity(mnemonic);
    if (arity >= 0 && operands.size() != arity) {
      throw error(at, mnemonic + " takes " + arity + " operands, not " + operands.size());
    }
    return switch (mnemonic) {
      case "parameter" -> new Op.Parameter(name(), type);
      case "constant" -> new Op.Constant(type, number());
      case "dense" -> new Op.DenseConstant(type, list("[", "]", this::number));
      case "iota" -> new Op.Iota(type, axis("axis"));
      case "random_bits" -> new Op.RandomBits(type.shape(), operands.get(0));
      case "compare" ->
          new Op.Compare(key("fn", () -> constant(CompareFn.values())), operands.get(0), operands.get(1));
      case "select" -> new Op.Select(operands.get(0), operands.get(1), operands.get(2));
      case "convert" -> new Op.Convert(type.dtype(), operands.get(0));
      case "reshape" -> new Op.Reshape(type.shape(), operands.get(0));
      case "transpose" -> new Op.Transpose(axes("permutation"), operands.get(0));
      case "broadcast" -> new Op.Broadcast(type.shape(), axes("axes"), operands.get(0));
      case "slice" ->
          new Op.Slice(integers("start"), key("limit", () -> list("[", "]", this::dim)), integers("stride"), operands.get(0));
      case "pad" ->
          new Op.Pad(
              integers("low"), integers("high"), integers("interior"), key("value", this::number), operands.get(0));
      case "concatenate" -> new Op.Concatenate(axis("axis"), operands);
      case "reverse" -> new Op.Reverse(axes("axes"), operands.get(0));
      case "gather" -> new Op.Gather(axis("axis"), operands.get(0), operands.get(1));
      case "scatter_add" -> new Op.ScatterAdd(axis("axis"), operands.get(0), operands.get(1), operands.get(2));
      case "reduce" -> new Op.Reduce(reduceFn(), axes("axes"), operands.get(0));
      case "dot_general" -> dotGeneral(operands);
      case "convolution" -> convolution(operands);
      case "reduce_window" -> new Op.ReduceWindow(reduceFn(), window(), operands.get(0));
      case "select_and_scatter" -> new Op.SelectAndScatter(window(), operands.get(0), operands.get(1));
      case "stop_gradient" -> new Op.StopGradient(operands.get(0));
      case "call" -> new Op.Call(callee(), operands);
      case "gradient" -> new Op.Gradient(operands.get(0), operands.get(1));
      default -> elementwise(at, mnemonic, operands);
    };
  }

  /** How many operands an op takes, -1 for any number (and for elementwise functions). */
  private static int arity(String mnemonic) {
    return switch (mnemonic) {
      case "parameter", "constant", "dense", "iota" -> 0;
      case "random_bits", "convert", "reshape", "transpose", "broadcast", "slice", "pad", "reverse", "reduce",
          "reduce_window", "stop_gradient" ->
          1;
      case "compare", "gather", "dot_general", "convolution", "select_and_scatter", "gradient" -> 2;
      case "select", "scatter_add" -> 3;
      default -> -1;
    };
  }

  private static Op elementwise(Token at, String mnemonic, List<Value> operands) {
    if (operands.size() == 1) {
      for (var fn : UnaryFn.values()) {
        if (fn.toString().equals(mnemonic)) {
          return new Op.Unary(fn, operands.get(0));
        }
      }
    }
    if (operands.size() == 2) {
      for (var fn : BinaryFn.values()) {
        if (fn.toString().equals(mnemonic)) {
          return new Op.Binary(fn, operands.get(0), operands.get(1));
        }
      }
    }
    throw error(at, "there is no op '" + mnemonic + "' of " + operands.size() + " operands");
  }

  private ReduceFn reduceFn() {
    return key("fn", () -> constant(ReduceFn.values()));
  }

  private Op dotGeneral(List<Value> operands) {
    List<Integer> xBatch = axes("batch");
    expect("x");
    List<Integer> yBatch = list("[", "]", this::axis);
    List<Integer> xContract = axes("contract");
    expect("x");
    List<Integer> yContract = list("[", "]", this::axis);
    return new Op.DotGeneral(xBatch, yBatch, xContract, yContract, operands.get(0), operands.get(1));
  }

  private Op convolution(List<Value> operands) {
    Window window = window();
    expect("dims");
    expect("=");
    Axes input = new Axes("b", "f");
    expect("x");
    Axes kernel = new Axes("o", "i");
    expect("->");
    Axes output = new Axes("b", "f");
    var dims =
        new ConvDims(
            input.first,
            input.second,
            input.spatial,
            kernel.second,
            kernel.first,
            kernel.spatial,
            output.first,
            output.second,
            output.spatial);
    boolean reversal = peek().is("reversal") && key("reversal", this::name).equals("true");
    long featureGroups = peek().is("feature_groups") ? key("feature_groups", this::integer) : 1;
    long batchGroups = peek().is("batch_groups") ? key("batch_groups", this::integer) : 1;
    return new Op.Convolution(window, dims, reversal, featureGroups, batchGroups, operands.get(0), operands.get(1));
  }

  /** The parts the axes of one operand play, e.g. {@code [b,f,0,1]}. */
  private final class Axes {
    final int first;
    final int second;
    final List<Integer> spatial = new ArrayList<>();

    Axes(String firstPart, String secondPart) {
      Token at = peek();
      List<String> parts =
          list("[", "]", () -> peek().kind() == Kind.NUMBER ? Long.toString(integer()) : name());
      first = parts.indexOf(firstPart);
      second = parts.indexOf(secondPart);
      for (int i = 0; i < parts.size() - 2; i++) {
        spatial.add(parts.indexOf(Integer.toString(i)));
      }
      if (first < 0 || second < 0 || spatial.contains(-1)) {
        throw error(at, "the axes are " + firstPart + ", " + secondPart + ", 0, 1 ... once each, not " + parts);
      }
    }
  }

  private Window window() {
    expect("window");
    expect("=");
    expect("{");
    List<Long> size = integers("size");
    List<Long> stride = integers("stride");
    var low = new ArrayList<Long>();
    List<Long> high =
        key(
            "pad",
            () ->
                list(
                    "[",
                    "]",
                    () -> {
                      low.add(integer());
                      expect(":");
                      return integer();
                    }));
    Window w = Window.of(size).withStride(stride).withPadding(low, high);
    if (peek().is("base_dilation")) {
      w = w.withBaseDilation(integers("base_dilation"));
    }
    if (peek().is("window_dilation")) {
      w = w.withWindowDilation(integers("window_dilation"));
    }
    expect("}");
    return w;
  }

  private Callable callee() {
    Token label = take(Kind.CALLABLE);
    Callable callee = callables.get(label.text());
    if (callee == null) {
      throw error(label, "callable @" + label.text() + " is not declared above");
    }
    return callee;
  }

  private TensorType type() {
    Token at = peek();
    String name = name();
    try {
      DType dtype = DType.parse(name);
      return new TensorType(dtype, new Shape(list("[", "]", this::dim)));
    } catch (IllegalArgumentException e) {
      throw error(at, String.valueOf(e.getMessage()));
    }
  }

  /** {@code 28}, {@code batch} or {@code 28*batch*time}. */
  private Dim dim() {
    Dim dim = Dim.ONE;
    do {
      Token at = peek();
      try {
        dim = dim.times(at.kind() == Kind.NUMBER ? Dim.of(integer()) : Dim.of(symbolNamed(name(), at)));
      } catch (ArithmeticException | IllegalArgumentException e) {
        throw error(at, String.valueOf(e.getMessage()));
      }
    } while (accept("*"));
    return dim;
  }

  private Symbol symbolNamed(String name, Token at) {
    Symbol symbol = symbols.get(name);
    if (symbol == null) {
      throw error(at, "symbol " + name + " is not declared above");
    }
    return symbol;
  }

  private List<Long> integers(String key) {
    return key(key, () -> list("[", "]", this::integer));
  }

  private List<Integer> axes(String key) {
    return key(key, () -> list("[", "]", this::axis));
  }

  private int axis(String key) {
    return key(key, this::axis);
  }

  private <T> T key(String key, Supplier<T> value) {
    expect(key);
    expect("=");
    return value.get();
  }

  private <T> List<T> list(String open, String close, Supplier<T> item) {
    expect(open);
    var items = new ArrayList<T>();
    if (!accept(close)) {
      do {
        items.add(item.get());
      } while (accept(","));
      expect(close);
    }
    return items;
  }

  /** The constant of an enum, in lower case. */
  private <E extends Enum<E>> E constant(E[] all) {
    Token at = peek();
    String text = name();
    for (E e : all) {
      if (e.name().toLowerCase(Locale.ROOT).equals(text)) {
        return e;
      }
    }
    throw error(at, "'" + text + "' is none of " + List.of(all).toString().toLowerCase(Locale.ROOT));
  }

  private int axis() {
    Token at = peek();
    long value = integer();
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw error(at, value + " is no axis");
    }
    return (int) value;
  }

  private long integer() {
    Token token = take(Kind.NUMBER);
    try {
      return Long.parseLong(token.text());
    } catch (NumberFormatException _) {
      throw error(token, token.show() + " is no integer of 64 bits");
    }
  }

  private double number() {
    Token token = tokens.get(at);
    if (token.is("nan") || token.is("inf")) {
      at++;
      return token.is("nan") ? Double.NaN : Double.POSITIVE_INFINITY;
    }
    take(Kind.NUMBER);
    return token.text().equals("-inf") ? Double.NEGATIVE_INFINITY : Double.parseDouble(token.text());
  }

  private String name() {
    Token token = peek();
    if (token.kind() != Kind.NAME && token.kind() != Kind.STRING) {
      throw error(token, "expected a name, not " + token.show());
    }
    at++;
    return token.text();
  }

  private void end() {
    if (peek().kind() != Kind.END) {
      throw error(peek(), "expected the end, not " + peek().show());
    }
  }

  private Token peek() {
    return tokens.get(at);
  }

  private Token take(Kind kind) {
    Token token = peek();
    if (token.kind() != kind) {
      throw error(token, "expected a " + kind.name().toLowerCase(Locale.ROOT) + ", not " + token.show());
    }
    at++;
    return token;
  }

  private boolean accept(String text) {
    if (peek().is(text)) {
      at++;
      return true;
    }
    return false;
  }

  private void expect(String text) {
    if (!accept(text)) {
      throw error(peek(), "expected '" + text + "', not " + peek().show());
    }
  }

  private static ParseException error(Token at, String message) {
    return new ParseException(at.line(), at.column(), message);
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
      Token name = peek();
      Value value = values.get(key(name));
      if (value == null) {
        throw error(name, name.show() + " is not defined above");
      }
      at++;
      return value;
    }

    /** A parameter that is called "5" is not the value %5. */
    private String key(Token name) {
      return name.kind() + " " + name.text();
    }
  }
}
