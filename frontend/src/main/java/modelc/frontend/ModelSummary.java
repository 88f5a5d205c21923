package modelc.frontend;

import java.util.List;
import modelc.ir.Shape;

/**
 * What a model consists of, as counted: never estimated.
 *
 * @param totalParameters elements of all parameters; states are not counted
 * @param trainableParameters of these, the trained ones
 * @param formula how the total comes about, with its numbers
 * @param flops of one example forward: products and convolutions only, a multiply-add is 2
 */
public record ModelSummary(
    String model,
    long totalParameters,
    long trainableParameters,
    String formula,
    long flops,
    List<Layer> layers,
    List<Parameter> parameters) {
  public ModelSummary {
    layers = List.copyOf(layers);
    parameters = List.copyOf(parameters);
  }

  /**
   * One stage of the network.
   *
   * @param name its path
   * @param op the layer or function applied
   * @param inputs shapes without the batch axis
   * @param output shape without the batch axis
   * @param parameters its own, those of inner layers not included
   * @param formula e.g. {@code 5*5*1*6 + 6}; empty without parameters
   * @param windows output size formulas with their numbers, e.g. {@code (32 - 5 + 2*0)/1 + 1 = 28}
   * @param file where it is applied
   * @param line where it is applied
   */
  public record Layer(
      String name,
      String op,
      List<Shape> inputs,
      Shape output,
      long parameters,
      String formula,
      List<String> windows,
      String file,
      int line) {
    public Layer {
      inputs = List.copyOf(inputs);
      windows = List.copyOf(windows);
    }
  }

  /** A parameter or state: name by path, the layer that owns it, its shape. */
  public record Parameter(
      String name, String layer, String layerOp, Shape shape, boolean trained) {}
}
