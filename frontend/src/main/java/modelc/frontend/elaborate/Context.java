package modelc.frontend.elaborate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import modelc.frontend.FrontendOptions;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.ir.Origin;
import modelc.ir.Role;
import modelc.ir.Span;
import modelc.ir.Symbol;
import modelc.ir.tensor.Builder;
import modelc.ir.tensor.IllTypedException;
import modelc.ir.tensor.Value;

/**
 * What all parts of an elaboration share: the entry being built, the calls being evaluated, fuel,
 * and errors.
 */
final class Context {
  /** Counts the random tensors drawn by one application of one layer, or by one initialiser. */
  static final class Draws {
    private final String owner;
    private int count;

    Draws(String owner) {
      this.owner = owner;
    }

    /** What tells this draw from every other one. */
    String next() {
      count++;
      return owner + "/" + count;
    }
  }

  /** A call being evaluated: where it stands, and what is called. */
  record Frame(Span call, String callee) {}

  final FrontendOptions options;
  final Weights weights = new Weights();
  final Rows rows = new Rows();

  /** The paths of the parameters that training leaves as they are. */
  final Set<String> frozen = new HashSet<>();

  final List<Diagnostic> errors = new ArrayList<>();
  final Symbol batch;
  final Phase init = new Phase(Phase.Kind.INIT);

  private final Deque<Frame> frames = new ArrayDeque<>();
  private final Deque<String> paths = new ArrayDeque<>();
  private final Deque<Draws> draws = new ArrayDeque<>();
  private Phase phase = new Phase(Phase.Kind.INFER);
  private Role role = Role.FORWARD;

  /** The clock is looked at once for so much fuel. */
  private static final int LOOK_AT_CLOCK = 1000;

  private long fuel;
  private final long deadline;
  private int values;
  private int scopes;

  Context(FrontendOptions options, Symbol batch) {
    this.options = options;
    this.batch = batch;
    this.fuel = options.limits().fuel();
    this.deadline = System.nanoTime() + options.limits().seconds() * 1_000_000_000L;
  }

  Phase phase() {
    return phase;
  }

  Builder builder() {
    return phase.builder;
  }

  /** Builds into another entry, or another part of the step, for the time of {@code body}. */
  <T> T in(Phase other, Role otherRole, Supplier<T> body) {
    Phase saved = phase;
    Role savedRole = role;
    phase = other;
    role = otherRole;
    try {
      return body.get();
    } finally {
      phase = saved;
      role = savedRole;
    }
  }

  Scope scope(
      Scope.Kind kind, Module module, @org.jspecify.annotations.Nullable Instance instance) {
    return new Scope(++scopes, kind, module, instance);
  }

  /** Evaluates {@code body} as what a call does. */
  <T> T call(Span call, String callee, Supplier<T> body) {
    if (frames.size() >= options.limits().calls()) {
      throw error(
          Code.LIMIT_CALLS,
          call,
          "functions and layers call each other more than " + options.limits().calls() + " deep",
          "the limit `calls` is reached here");
    }
    frames.push(new Frame(call, callee));
    try {
      return body.get();
    } finally {
      frames.pop();
    }
  }

  /** Names the layer or stage that values made by {@code body} belong to. */
  <T> T at(String path, Supplier<T> body) {
    paths.push(path);
    try {
      return body.get();
    } finally {
      paths.pop();
    }
  }

  /** Makes {@code owner} what random numbers drawn by {@code body} are keyed by. */
  <T> T drawing(String owner, Supplier<T> body) {
    draws.push(new Draws(owner));
    try {
      return body.get();
    } finally {
      draws.pop();
    }
  }

  /** Names the next random tensor. */
  String nextDraw() {
    return draws.isEmpty() ? "" : draws.peek().next();
  }

  /** Takes a unit of fuel. */
  void spend(Span place) {
    spend(place, 1);
  }

  /** Takes fuel, and looks at the clock from time to time. */
  void spend(Span place, long units) {
    long before = fuel;
    fuel -= units;
    if (fuel / LOOK_AT_CLOCK != before / LOOK_AT_CLOCK && System.nanoTime() - deadline > 0) {
      throw error(
          Code.LIMIT_TIME,
          place,
          "evaluating this at compile time takes longer than "
              + options.limits().seconds()
              + " seconds",
          "the limit `seconds` is reached here");
    }
    if (fuel < 0) {
      throw error(
          Code.LIMIT_FUEL,
          place,
          "evaluating this at compile time takes more than " + options.limits().fuel() + " steps",
          "the limit `fuel` is reached here");
    }
  }

  /** Builds IR for the expression at {@code place}. */
  Value emit(Span place, Supplier<Value> body) {
    if (++values > options.limits().values()) {
      throw error(
          Code.LIMIT_VALUES,
          place,
          "this model takes more than " + options.limits().values() + " operations",
          "the limit `values` is reached here");
    }
    try {
      Value v = builder().with(origin(place), body);
      if (v.type().shape().elements().max() > options.limits().elements()) {
        throw error(
            Code.LIMIT_ELEMENTS,
            place,
            "a tensor of type "
                + Show.type(v.type())
                + " has more than "
                + options.limits().elements()
                + " elements",
            "the limit `elements` is reached here");
      }
      return v;
    } catch (IllTypedException e) {
      throw error(Code.ILL_TYPED, place, "the operands do not fit: " + e.getMessage(), "");
    } catch (ArithmeticException e) {
      throw error(Code.OVERFLOW, place, "a size overflows", "");
    }
  }

  private Origin origin(Span place) {
    var chain = new ArrayList<Span>();
    if (!isLibrary(place)) {
      chain.add(place);
    } else {
      chain.add(place);
      for (Frame f : frames) {
        chain.addFirst(f.call);
        if (!isLibrary(f.call)) {
          break;
        }
      }
    }
    String path = paths.isEmpty() ? "" : paths.peek();
    return new Origin(path, chain, role);
  }

  static boolean isLibrary(Span place) {
    return place.file().startsWith(Library.PREFIX);
  }

  Problem error(Code code, Span place, String message, String label) {
    return new Problem(blamed(Diagnostic.of(code, place, message, label)));
  }

  Problem error(Code code, Span place, String message, String label, String help) {
    return new Problem(blamed(Diagnostic.of(code, place, message, label).withHelp(help)));
  }

  Problem error(Code code, Span place, String message, String label, Optional<String> help) {
    return new Problem(blamed(Diagnostic.of(code, place, message, label).withHelp(help)));
  }

  /** The error at the user's own line; the library lines it was found in become notes. */
  Diagnostic blamed(Diagnostic d) {
    if (!isLibrary(d.place())) {
      return d;
    }
    Diagnostic result = d;
    Span library = d.place();
    for (Frame f : frames) {
      result = result.withNote("in `" + f.callee + "`, " + library);
      if (!isLibrary(f.call)) {
        return result.at(f.call, result.label());
      }
      library = f.call;
    }
    return result;
  }

  /** Keeps an error and goes on, so that several can be reported; a limit ends everything. */
  void report(Problem problem) {
    Diagnostic d = problem.diagnostic();
    if (d == null) {
      return;
    }
    if (!errors.contains(d)) {
      errors.add(d);
    }
    if (d.code().isLimit() || errors.size() >= options.limits().diagnostics()) {
      throw new TooMuch();
    }
  }

  /** Ends the elaboration: nothing more is to be found out. */
  static final class TooMuch extends RuntimeException {
    private static final long serialVersionUID = 1;

    TooMuch() {
      super("see the diagnostics", null, false, false);
    }
  }
}
