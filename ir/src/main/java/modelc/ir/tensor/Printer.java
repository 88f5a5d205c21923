package modelc.ir.tensor;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import modelc.ir.Symbol;

/**
 * The text form of Tensor IR, one op a line; {@link Parser} reads it back to the same graph.
 *
 * <p>It prints what it is given, well-formed or not, so that it can show what a verifier refuses.
 * The text:
 *
 * <pre>
 * program LeNet
 * symbol batch max 64
 *
 * callable &#64;relu {
 *   body relu {
 *     argument %x: f32[batch,10]
 *     %0: f32[batch,10] = constant 0
 *     %1: f32[batch,10] = maximum(%0, %x)
 *     result %1
 *   }
 * }
 *
 * entry infer {
 *   argument %image: f32[batch,10] input
 *   %0: f32[batch,10] = call(%image) &#64;relu
 *   result logits = %0 output
 * }
 * </pre>
 */
public final class Printer {
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_.]*");
  private static final Pattern SIGIL_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_.\\[\\]]*");

  private final StringBuilder out = new StringBuilder();
  private final boolean origins;
  private final Map<Callable, String> labels = new LinkedHashMap<>();

  private Printer(boolean origins) {
    this.origins = origins;
  }

  public static String print(Program program) {
    return print(program, false);
  }

  /** With {@code origins}, each line ends in a comment naming its source. */
  public static String print(Program program, boolean origins) {
    var p = new Printer(origins);
    p.line(0, "program " + name(program.model()));
    List<Value> roots =
        program.entries().stream().flatMap(e -> roots(e.function()).stream()).toList();
    p.header(roots);
    program.entries().forEach(p::entry);
    return p.out.toString();
  }

  public static String print(Entry entry) {
    return print(entry, false);
  }

  /** With {@code origins}, each line ends in a comment naming its source. */
  public static String print(Entry entry, boolean origins) {
    var p = new Printer(origins);
    p.header(roots(entry.function()));
    p.entry(entry);
    return p.out.toString().stripLeading();
  }

  public static String print(Function function) {
    var p = new Printer(false);
    p.header(roots(function));
    p.out.append('\n');
    p.function(0, "function", function);
    return p.out.toString().stripLeading();
  }

  private static List<Value> roots(Function f) {
    return Stream.concat(f.parameters().stream(), f.results().stream()).toList();
  }

  /** Symbols and callables, each once, callees before callers. */
  private void header(Collection<Value> roots) {
    Set<Callable> callables = callables(roots);
    Set<Symbol> symbols = new TreeSet<>();
    collectSymbols(roots, symbols);
    var seen = new HashMap<String, Integer>();
    for (Callable c : callables) {
      collectSymbols(roots(c), symbols);
      labels.put(c, label(c.name(), seen));
    }
    for (Symbol s : symbols) {
      line(0, "symbol " + s.name() + " max " + s.max());
    }
    callables.forEach(this::callable);
  }

  private static List<Value> roots(Callable c) {
    var roots = new ArrayList<>(roots(c.body()));
    if (c.gradient() != null) {
      roots.addAll(roots(c.gradient()));
    }
    return roots;
  }

  private static void collectSymbols(Collection<Value> roots, Set<Symbol> symbols) {
    for (Value v : Graph.topological(roots)) {
      v.type().shape().dims().forEach(d -> symbols.addAll(d.symbols()));
    }
  }

  private static List<Callable> callees(Collection<Value> roots) {
    return Graph.topological(roots).stream()
        .flatMap(v -> v.op() instanceof Op.Call call ? Stream.of(call.callee()) : Stream.empty())
        .distinct()
        .toList();
  }

  /** Every callable reachable, callees before callers. */
  static Set<Callable> callables(Collection<Value> roots) {
    var done = new LinkedHashSet<Callable>();
    var open = new HashSet<Callable>();
    var stack = new ArrayDeque<Callable>();
    for (Callable root : callees(roots)) {
      stack.push(root);
      while (!stack.isEmpty()) {
        Callable c = stack.peek();
        if (done.contains(c)) {
          stack.pop();
        } else if (open.add(c)) {
          callees(roots(c)).reversed().stream().filter(n -> !done.contains(n)).forEach(stack::push);
        } else {
          done.add(stack.pop());
        }
      }
    }
    return done;
  }

  /** Callables of one name (one per type it is used at) are told apart by a number. */
  private static String label(String name, Map<String, Integer> seen) {
    String label = "@" + sigilName(name);
    while (seen.putIfAbsent(label, 1) != null) {
      label = "@" + sigilName(name + "." + seen.merge("@" + sigilName(name), 1, Integer::sum));
    }
    return label;
  }

  private void callable(Callable c) {
    String label = labels.getOrDefault(c, "@?");
    boolean named = !label.equals("@" + sigilName(c.name()));
    out.append('\n');
    line(0, "callable " + label + (named ? " named " + name(c.name()) : "") + " {");
    function(1, "body", c.body());
    if (c.gradient() != null) {
      function(1, "gradient", c.gradient());
    }
    if (c.noGradient() != null) {
      line(1, "no_gradient " + quote(c.noGradient()));
    }
    line(0, "}");
  }

  private void entry(Entry e) {
    out.append('\n');
    line(0, "entry " + name(e.name()) + " {");
    var names = new Names();
    for (Entry.Argument a : e.arguments()) {
      line(1, argument(a.value(), a.name(), names) + " " + kind(a.kind()));
    }
    body(1, e.function(), names);
    for (Entry.Result r : e.results()) {
      String text = "result " + name(r.name()) + " = " + names.of(r.value()) + " " + kind(r.kind());
      if (r.aliases().isPresent()) {
        int index = r.aliases().getAsInt();
        boolean exists = index >= 0 && index < e.arguments().size();
        text += " aliases " + (exists ? names.of(e.arguments().get(index).value()) : "#" + index);
      }
      line(1, text);
    }
    line(0, "}");
  }

  private static String kind(Entry.Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  private void function(int indent, String keyword, Function f) {
    line(indent, keyword + " " + name(f.name()) + " {");
    var names = new Names();
    for (Value p : f.parameters()) {
      line(
          indent + 1, argument(p, p.op() instanceof Op.Parameter o ? o.name() : "argument", names));
    }
    body(indent + 1, f, names);
    for (Value r : f.results()) {
      line(indent + 1, "result " + names.of(r));
    }
    line(indent, "}");
  }

  private static String argument(Value v, String name, Names names) {
    return "argument " + names.add(v, name) + ": " + v.type();
  }

  private void body(int indent, Function f, Names names) {
    for (Value v : Graph.topological(roots(f))) {
      if (names.has(v)) {
        continue;
      }
      // A parameter here is none of the function's: ill-formed, but shown.
      String name = v.op() instanceof Op.Parameter p ? names.add(v, p.name()) : names.next(v);
      String text = name + ": " + v.type() + " = " + op(v.op(), names);
      line(indent, origins ? text + "  // " + v.origin() : text);
    }
  }

  private String op(Op op, Names names) {
    String operands =
        op.operands().isEmpty()
            ? ""
            : op.operands().stream().map(names::of).collect(Collectors.joining(", ", "(", ")"));
    return op.mnemonic() + operands + OpPrinter.attributes(op, c -> labels.getOrDefault(c, "@?"));
  }

  /**
   * One value's line, with values called what {@code names} says: {@code %1: f32[4] = tanh(%0)}.
   */
  public static String definition(Value v, java.util.function.Function<Value, String> names) {
    List<Value> operands = v.op().operands();
    String list =
        operands.isEmpty()
            ? ""
            : operands.stream().map(names).collect(Collectors.joining(", ", "(", ")"));
    String attributes = OpPrinter.attributes(v.op(), c -> "@" + sigilName(c.name()));
    return names.apply(v) + ": " + v.type() + " = " + v.op().mnemonic() + list + attributes;
  }

  /** A name where an identifier is expected: quoted unless it is one. */
  static String name(String name) {
    return NAME.matcher(name).matches() ? name : quote(name);
  }

  /**
   * A name after % or @, where brackets need no quotes: {@code %stage[2].w}. Numbers alone are
   * generated names.
   */
  private static String sigilName(String name) {
    return SIGIL_NAME.matcher(name).matches() ? name : quote(name);
  }

  private static String quote(String text) {
    return '"'
        + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\r", "\\r")
        + '"';
  }

  private void line(int indent, String text) {
    out.repeat("  ", indent).append(text).append('\n');
  }

  /** The names of one function's values. */
  private static final class Names {
    private final Map<Value, String> names = new HashMap<>();
    private final Set<String> taken = new HashSet<>();
    private int next;

    boolean has(Value v) {
      return names.containsKey(v);
    }

    String of(Value v) {
      return names.getOrDefault(v, "%?");
    }

    /** Names {@code v} as wanted, or so and a number if that is taken. */
    String add(Value v, String wanted) {
      String name = "%" + sigilName(wanted);
      for (int i = 2; !taken.add(name); i++) {
        name = "%" + sigilName(wanted + "#" + i);
      }
      names.put(v, name);
      return name;
    }

    String next(Value v) {
      String name = "%" + next++;
      names.put(v, name);
      return name;
    }
  }
}
