package modelc.frontend;

import java.util.Optional;
import modelc.frontend.diagnostic.Sources;
import modelc.ir.Precision;
import modelc.ir.tensor.Program;

/**
 * A source that is right: its entries as Tensor IR, its summary, and its recipe if it has one.
 *
 * @param program entries {@code init} and {@code infer}, and {@code eval} and {@code train} where
 *     there is a recipe
 * @param sources the texts it was made from, for messages that quote them
 */
public record Checked(
    Program program, ModelSummary summary, Optional<Recipe> recipe, Sources sources) {
  /** How exactly products are computed where the device has a choice: float32 without a recipe. */
  public Precision precision() {
    return recipe.map(Recipe::precision).orElse(Precision.FLOAT32);
  }
}
