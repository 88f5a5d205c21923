package modelc.ir.tensor;

import java.util.List;
import java.util.OptionalInt;

/**
 * One compiled entry point of a program ({@code init}, {@code infer}, {@code eval}, {@code train}):
 * a function whose parameters and results have names and kinds, and whose results may replace
 * parameters in place.
 */
public record Entry(String name, List<Argument> arguments, List<Result> results) {
  public Entry {
    arguments = List.copyOf(arguments);
    results = List.copyOf(results);
  }

  /** What an argument or result is to the runtime. */
  public enum Kind {
    /** A column of the batch: fed each call. */
    INPUT,
    /** A trained parameter. */
    PARAMETER,
    /** Kept, not trained (running statistics). */
    STATE,
    /** The optimizer's state of one parameter. */
    OPTIMIZER_STATE,
    /**
     * A scalar the runtime sets: {@code step}, {@code steps}, {@code epoch} (f64[]), {@code seed}
     * (i32[2]).
     */
    SCALAR,
    /** A named output of the model. */
    OUTPUT,
    /** The loss, f32[]. */
    LOSS,
    /** A metric, f32[]: averaged over the examples of all batches. */
    METRIC,
    /** A metric, f32 of constant sizes: summed over the batches. */
    TALLY,
    /** What the tally of the same name, without {@code .of} at its end, is divided by. */
    TALLY_OF,
    /** BOOL[]: loss and gradients were finite, and so the update was applied. */
    FINITE
  }

  /** {@code value}'s op is {@link Op.Parameter} of the same name. */
  public record Argument(String name, Kind kind, Value value) {}

  /**
   * A result.
   *
   * @param aliases the index of the argument whose memory it replaces, or empty
   */
  public record Result(String name, Kind kind, Value value, OptionalInt aliases) {}

  public Function function() {
    return new Function(
        name,
        arguments.stream().map(Argument::value).toList(),
        results.stream().map(Result::value).toList());
  }

  /** The same entry over a rewritten function: parameters and results in the same order. */
  public Entry withFunction(Function f) {
    var args = new java.util.ArrayList<Argument>();
    for (int i = 0; i < arguments.size(); i++) {
      Argument a = arguments.get(i);
      args.add(new Argument(a.name(), a.kind(), f.parameters().get(i)));
    }
    var outs = new java.util.ArrayList<Result>();
    for (int i = 0; i < results.size(); i++) {
      Result r = results.get(i);
      outs.add(new Result(r.name(), r.kind(), f.results().get(i), r.aliases()));
    }
    return new Entry(name, args, outs);
  }
}
