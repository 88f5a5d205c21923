package modelc.runtime;

/** What an argument or result of an entry is to the runtime. */
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
  /** A metric, f32[]. */
  METRIC,
  /** A metric that is summed over the batches: counts, or the numerators of quotients. */
  TALLY,
  /** What the tally of the same name, without {@code .of} at its end, is divided by. */
  TALLY_OF,
  /** BOOL[]: loss and gradients were finite, and so the update was applied. */
  FINITE;

  /** True for what a session keeps between calls. */
  public boolean isVariable() {
    return this == PARAMETER || this == STATE || this == OPTIMIZER_STATE;
  }
}
