package modelc.runtime;

import java.util.Optional;

/**
 * Looks for what made a step infinite or NaN. The runtime sees no source: whoever compiled the
 * model has one.
 */
@FunctionalInterface
public interface Diagnosis {
  /** What was found: the cause in lines for people, and what to do about it. */
  record Cause(String text, String cure) {}

  /**
   * The cause, if it can be found.
   *
   * @param step the call that failed, as it was: its inputs are still bound, and the variables hold
   *     what they held before it
   */
  Optional<Cause> of(Call step);
}
