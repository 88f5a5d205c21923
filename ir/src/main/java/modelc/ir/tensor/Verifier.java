package modelc.ir.tensor;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import modelc.ir.DType;
import modelc.ir.Symbol;
import modelc.ir.TensorType;

/**
 * Checks again what every pass must keep. In prose:
 *
 * <ul>
 *   <li>A program's entries have different names, and a symbol has one maximum throughout.
 *   <li>A function's parameters are different {@link Op.Parameter}s of different names, and no
 *       other parameter is reachable from its results.
 *   <li>Every value has the type {@link TypeRules} infers.
 *   <li>An entry's arguments are its function's parameters, under their names. No two results of
 *       one kind share a name. A result that replaces an argument has its type, and an argument is
 *       replaced once.
 *   <li>Arguments and results have the kinds, and losses, metrics and finite flags the types, that
 *       the runtime expects.
 *   <li>A callable's body has one result; its stated gradient takes the body's parameters, result
 *       and cotangent, and gives a cotangent for each parameter.
 *   <li>Ops that a stage has replaced are gone.
 * </ul>
 *
 * <p>It does not judge whether the program computes what it should; interpreters and differences
 * do.
 */
public final class Verifier {
  /** How far a program has come. */
  public enum Stage {
    /** As the front end makes it: every op may occur. */
    SOURCE,
    /** After autodiff: no {@link Op.Gradient}. */
    DIFFERENTIATED,
    /** After expansion: no {@link Op.Call} either. */
    EXPANDED
  }

  private final Stage stage;
  private final Map<String, Symbol> symbols = new HashMap<>();
  private final Set<Callable> checked = new HashSet<>();

  private Verifier(Stage stage) {
    this.stage = stage;
  }

  /**
   * Checks a whole program.
   *
   * @throws IllFormedException if it is ill-formed
   */
  public static void verify(Program program, Stage stage) {
    var verifier = new Verifier(stage);
    var names = new HashSet<String>();
    for (Entry e : program.entries()) {
      require(
          names.add(e.name()), "model " + program.model(), "two entries are called %s", e.name());
      verifier.entry(e);
    }
  }

  /**
   * Checks one entry.
   *
   * @throws IllFormedException if it is ill-formed
   */
  public static void verify(Entry entry, Stage stage) {
    new Verifier(stage).entry(entry);
  }

  /**
   * Checks one function.
   *
   * @throws IllFormedException if it is ill-formed
   */
  public static void verify(Function function, Stage stage) {
    new Verifier(stage).functionAndCallees("function " + function.name(), function);
  }

  private void entry(Entry e) {
    String where = "entry " + e.name();
    for (Entry.Argument a : e.arguments()) {
      boolean named = a.value().op() instanceof Op.Parameter p && p.name().equals(a.name());
      require(
          named,
          where,
          "argument %s is %s, not the parameter of that name",
          a.name(),
          show(a.value()));
      require(isArgumentKind(a.kind()), where, "argument %s is of kind %s", a.name(), a.kind());
    }
    functionAndCallees(where, e.function());
    var names = new HashSet<String>();
    var replaced = new HashSet<Integer>();
    for (Entry.Result r : e.results()) {
      require(
          names.add(r.kind() + " " + r.name()),
          where,
          "two results of kind %s are called %s",
          r.kind(),
          r.name());
      result(where, r);
      if (r.aliases().isPresent()) {
        alias(where, e, r, r.aliases().getAsInt(), replaced);
      }
    }
  }

  private static boolean isArgumentKind(Entry.Kind kind) {
    return switch (kind) {
      case INPUT, PARAMETER, STATE, OPTIMIZER_STATE, SCALAR -> true;
      case OUTPUT, LOSS, METRIC, TALLY, TALLY_OF, FINITE -> false;
    };
  }

  private static void result(String where, Entry.Result r) {
    TensorType type = r.value().type();
    boolean fits =
        switch (r.kind()) {
          case INPUT, SCALAR -> false;
          case OUTPUT, PARAMETER, STATE, OPTIMIZER_STATE -> true;
          case LOSS, METRIC -> type.equals(TensorType.scalar(DType.F32));
          case TALLY, TALLY_OF -> type.dtype() == DType.F32 && type.shape().elements().isConstant();
          case FINITE -> type.equals(TensorType.scalar(DType.BOOL));
        };
    require(fits, where, "result %s of kind %s is %s", r.name(), r.kind(), type);
  }

  private static void alias(
      String where, Entry e, Entry.Result r, int index, Set<Integer> replaced) {
    boolean exists = 0 <= index && index < e.arguments().size();
    require(
        exists,
        where,
        "result %s aliases argument %d of %d",
        r.name(),
        index,
        e.arguments().size());
    Entry.Argument a = e.arguments().get(index);
    TensorType type = r.value().type();
    require(
        type.equals(a.value().type()),
        where,
        "result %s is %s, the argument %s it aliases %s",
        r.name(),
        type,
        a.name(),
        a.value().type());
    require(
        replaced.add(index), where, "argument %s is aliased twice, last by %s", a.name(), r.name());
  }

  /** Checks a function and every callable it reaches, each once. */
  private void functionAndCallees(String where, Function f) {
    function(where, f);
    var roots = Stream.concat(f.parameters().stream(), f.results().stream()).toList();
    for (Callable c : Printer.callables(roots)) {
      if (checked.add(c)) {
        callable("callable " + c.name(), c);
      }
    }
  }

  private void callable(String where, Callable c) {
    int results = c.body().results().size();
    require(results == 1, where, "its body has %d results, not one", results);
    function(where, c.body());
    Function gradient = c.gradient();
    if (gradient != null) {
      List<TensorType> cotangents = types(c.body().parameters());
      var expected = new ArrayList<>(cotangents);
      expected.addAll(Collections.nCopies(2, c.body().results().getFirst().type()));
      List<TensorType> given = types(gradient.parameters());
      require(expected.equals(given), where, "its gradient takes %s, not %s", given, expected);
      List<TensorType> made = types(gradient.results());
      require(cotangents.equals(made), where, "its gradient gives %s, not %s", made, cotangents);
      function(where + ", gradient", gradient);
    }
  }

  private static List<TensorType> types(List<Value> values) {
    return values.stream().map(Value::type).toList();
  }

  private void function(String where, Function f) {
    Set<Value> parameters = Collections.newSetFromMap(new IdentityHashMap<>());
    var names = new HashSet<String>();
    for (Value p : f.parameters()) {
      if (!(p.op() instanceof Op.Parameter o)) {
        throw illFormed(where, "%s is in the place of a parameter", show(p));
      }
      require(parameters.add(p), where, "parameter %s twice", o.name());
      require(names.add(o.name()), where, "two parameters are called %s", o.name());
    }
    var roots = Stream.concat(f.parameters().stream(), f.results().stream()).toList();
    for (Value v : Graph.topological(roots)) {
      value(where, v, parameters);
    }
  }

  private void value(String where, Value v, Set<Value> parameters) {
    if (v.op() instanceof Op.Parameter p) {
      require(parameters.contains(v), where, "%s is used but not among the parameters", p.name());
    }
    require(
        stage == Stage.SOURCE || !(v.op() instanceof Op.Gradient),
        where,
        "%s after autodiff",
        show(v));
    require(
        stage != Stage.EXPANDED || !(v.op() instanceof Op.Call),
        where,
        "%s after expansion",
        show(v));
    TensorType inferred;
    try {
      inferred = TypeRules.typeOf(v.op());
    } catch (IllTypedException e) {
      throw illFormed(where, "%s is ill-typed: %s", show(v), String.valueOf(e.getMessage()));
    }
    require(inferred.equals(v.type()), where, "%s must be %s", show(v), inferred);
    v.type().shape().dims().forEach(d -> d.symbols().forEach(s -> symbol(where, s)));
  }

  private void symbol(String where, Symbol s) {
    Symbol known = symbols.putIfAbsent(s.name(), s);
    require(
        known == null || known.equals(s),
        where,
        "symbol %s has two maxima, one is %d",
        s.name(),
        s.max());
  }

  private static String show(Value v) {
    return v.op().mnemonic() + ": " + v.type() + " (" + v.origin() + ")";
  }

  private static void require(boolean holds, String where, String format, Object... arguments) {
    if (!holds) {
      throw illFormed(where, format, arguments);
    }
  }

  private static IllFormedException illFormed(String where, String format, Object... arguments) {
    return new IllFormedException(where + ": " + format.formatted(arguments));
  }
}
