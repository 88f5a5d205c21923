package modelc.ptx;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import modelc.ptx.syntax.Function;
import modelc.ptx.syntax.Operand;
import modelc.ptx.syntax.Place;
import modelc.ptx.syntax.Statement;
import modelc.ptx.syntax.SyntaxException;
import modelc.ptx.syntax.Translation;
import modelc.ptx.syntax.Type;
import modelc.ptx.syntax.Variable;
import org.jspecify.annotations.Nullable;

/**
 * Turns a kernel's statements into a program: names become numbers, calls the bodies of what they
 * call.
 */
final class Decoder {
  private final Translation module;
  private final Registers registers = new Registers();
  private final Layout layout = new Layout();
  private final Scope globals = new Scope(null, null);
  private final Map<String, Function> functions = new HashMap<>();
  private final Deque<String> calls = new ArrayDeque<>();
  private final List<Inst> code = new ArrayList<>();
  private final int granule;

  Decoder(Translation module, Variables variables, int granule) {
    this.module = module;
    this.granule = granule;
    for (Function f : module.functions()) {
      if (f.body() != null) {
        functions.put(f.name(), f);
      }
    }
    for (Variable v : module.variables()) {
      DeviceBuffer buffer = variables.named(v.name());
      if (buffer != null) {
        Space space = v.space().equals("const") ? Space.CONST : Space.GLOBAL;
        globals.declare(v.name(), new Symbol.Variable(space, buffer.address(), false));
      }
    }
  }

  String target() {
    return module.target();
  }

  Names names() {
    return registers.names();
  }

  Registers registers() {
    return registers;
  }

  Program kernel(Function f) {
    declareShared(f);
    var scope = new Scope(globals, null);
    var parameters = new ArrayList<Program.Parameter>();
    int at = 0;
    for (Variable v : f.parameters()) {
      at = Layout.align(at, v.align());
      scope.declare(v.name(), new Symbol.Variable(Space.PARAM, at, false));
      parameters.add(new Program.Parameter(v.name(), v.type(), at, (int) v.bytes()));
      at += (int) v.bytes();
    }
    calls.push(f.name());
    body(body(f), scope);
    var end = new Place(code.isEmpty() ? f.line() : code.getLast().place().line(), null, 0);
    emit(new Operation(this, scope, synthetic("exit", end)));
    int dynamic = layout.dynamicShared();
    registers.setDynamicShared(dynamic);
    return new Program(
        f.name(),
        code.toArray(new Inst[0]),
        parameters,
        at,
        f.maxThreads(),
        registers.values(),
        registers.predicates(),
        registers.constants(),
        registers.specials(),
        dynamic,
        layout.gaps(),
        dynamic,
        layout.localBytes(),
        granule,
        code.stream().anyMatch(i -> WgmmaOps.is(i.text())));
  }

  private static Statement.Instruction synthetic(String opcode, Place place) {
    return new Statement.Instruction(null, opcode, List.of(), List.of(), place);
  }

  private static List<Statement> body(Function f) {
    List<Statement> body = f.body();
    if (body == null) {
      throw new SyntaxException(f.line(), "function " + f.name() + " has no body");
    }
    return body;
  }

  /** Shared variables of the module take memory in the kernels that name them only. */
  private void declareShared(Function f) {
    var used = UsedNames.of(f, functions);
    for (Variable v : module.variables()) {
      if (v.space().equals("shared") && used.contains(v.name())) {
        globals.declare(v.name(), layout.variable(v));
      }
    }
  }

  private void body(List<Statement> body, Scope scope) {
    for (Statement s : body) {
      declare(s, scope);
    }
    for (Statement s : body) {
      switch (s) {
        case Statement.Label l -> label(scope, l.name()).at = code.size();
        case Statement.Scope inner -> body(inner.body(), new Scope(scope, scope.end));
        case Statement.Instruction i -> instruction(i, scope);
        case Statement.Registers _, Statement.Declare _, Statement.BranchTargets _ -> {}
      }
    }
  }

  private void declare(Statement s, Scope scope) {
    switch (s) {
      case Statement.Label l -> scope.declare(l.name(), new Symbol.Place(new Flow.Label()));
      case Statement.BranchTargets t -> scope.declare(t.name(), new Symbol.Targets(t.labels()));
      case Statement.Declare d -> scope.declare(d.variable().name(), layout.variable(d.variable()));
      case Statement.Registers r -> {
        for (int i = 0; i < Math.max(1, r.count()); i++) {
          String name = r.name() + (r.count() < 0 ? "" : i);
          scope.declare(name, registers.declare(name, r.type()));
        }
      }
      case Statement.Scope _, Statement.Instruction _ -> {}
    }
  }

  private static Flow.Label label(Scope scope, String name) {
    if (scope.find(name) instanceof Symbol.Place p) {
      return p.label();
    }
    throw new IllegalStateException(name);
  }

  private void instruction(Statement.Instruction i, Scope scope) {
    var o = new Operation(this, scope, i);
    if (i.opcode().equals("call")) {
      call(o, i, scope);
    } else {
      emit(o);
    }
  }

  private void emit(Operation o) {
    code.add(Instructions.decode(o));
  }

  /** Puts the body of a function where it is called. */
  private void call(Operation o, Statement.Instruction i, Scope scope) {
    int at = 0;
    List<Operand> results = List.of();
    if (i.operands().get(at) instanceof Operand.Arguments a) {
      results = a.elements();
      at++;
    }
    Function f = callee(o, i.operands().get(at));
    List<Operand> arguments =
        i.operands().size() > at + 1 && i.operands().get(at + 1) instanceof Operand.Arguments a
            ? a.elements()
            : List.of();
    if (results.size() != f.results().size() || arguments.size() != f.parameters().size()) {
      throw o.invalid("the call does not have the parameters of " + f.name());
    }
    var end = new Flow.Label();
    var inner = new Scope(globals, end);
    bind(o, scope, inner, f.results(), results);
    bind(o, scope, inner, f.parameters(), arguments);
    if (i.guard() != null) {
      code.add(o.branchUnlessGuard(end));
    }
    calls.push(f.name());
    body(body(f), inner);
    calls.pop();
    end.at = code.size();
  }

  private Function callee(Operation o, Operand name) {
    Function f = functions.get(name.toString());
    if (f == null) {
      throw o.invalid("there is no function " + name + " with a body");
    }
    if (calls.contains(f.name())) {
      throw o.invalid("recursion is not supported");
    }
    return f;
  }

  private static void bind(
      Operation o, Scope outer, Scope inner, List<Variable> formal, List<Operand> actual) {
    for (int k = 0; k < formal.size(); k++) {
      Variable v = formal.get(k);
      Symbol symbol =
          actual.get(k) instanceof Operand.Name n
              ? outer.find(n.name())
              : new Symbol.Value(o.constant(actual.get(k), v.type()) / 32, v.type());
      if (symbol == null) {
        throw o.invalid("unknown name " + actual.get(k));
      }
      inner.declare(v.name(), symbol);
    }
  }

  /** The register of a special register such as {@code %tid.x}; null where there is none. */
  Symbol.@Nullable Value special(String name) {
    return registers.special(name);
  }

  int constant(long value) {
    return registers.constant(value);
  }

  int dynamicConstant(long offset, boolean generic) {
    return registers.dynamicConstant(offset, generic);
  }

  /** A register for a result that nobody wants. */
  int scratch(Type type) {
    return switch (registers.declare("_", type)) {
      case Symbol.Value v -> v.register();
      case Symbol.Predicate p -> p.register();
      default -> throw new IllegalStateException();
    };
  }
}
