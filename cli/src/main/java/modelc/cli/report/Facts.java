package modelc.cli.report;

import java.util.List;
import java.util.Map;
import modelc.frontend.ModelSummary;
import modelc.frontend.Recipe;

/**
 * What is known of a run before its first step.
 *
 * @param file the .model file
 * @param set parameters of the model that were set from outside
 * @param samples to train on; {@code validation}: to judge by, 0 where there are none
 * @param threads that compute; {@code dataThreads}: that read data beside them
 * @param costly whether reading data means decoding or changing pictures
 * @param compiled how the native code came about, in words
 */
public record Facts(
    String file,
    Map<String, String> set,
    ModelSummary summary,
    Recipe recipe,
    long samples,
    long validation,
    List<String> classes,
    List<String> notes,
    int threads,
    int dataThreads,
    boolean costly,
    String compiled) {
  public Facts {
    classes = List.copyOf(classes);
    notes = List.copyOf(notes);
  }

  /** Steps of an epoch. */
  long batches() {
    return Math.ceilDiv(samples, recipe.batch());
  }

  long steps() {
    return batches() * recipe.epochs();
  }
}
