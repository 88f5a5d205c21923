package modelc.frontend;

import java.util.List;
import java.util.Optional;
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
   * @param parameters its own, with those of inner layers only where these are not listed
   * @param formula e.g. {@code 5*5*1*6 + 6}; empty without parameters
   * @param windows output size formulas with their numbers, e.g. {@code (32 - 5 + 2*0)/1 + 1 = 28}
   * @param field what one element of its output sees of the image, if it depends on one
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
      Optional<ReceptiveField> field,
      String file,
      int line) {
    public Layer {
      inputs = List.copyOf(inputs);
      windows = List.copyOf(windows);
    }

    /** The same row with that field. */
    public Layer seeing(Optional<ReceptiveField> other) {
      return new Layer(name, op, inputs, output, parameters, formula, windows, other, file, line);
    }
  }

  /**
   * What one element sees of the image, along each axis of space: as many elements, borders not
   * counted, and how far apart in the image the sights of neighbours lie.
   *
   * @param stride empty where neighbours have no order there, as behind a flatten
   */
  public record ReceptiveField(List<Long> size, List<Optional<Double>> stride) {
    public ReceptiveField {
      size = List.copyOf(size);
      stride = List.copyOf(stride);
    }
  }

  /** A parameter or state: name by path, the layer that owns it, its shape. */
  public record Parameter(
      String name, String layer, String layerOp, Shape shape, boolean trained) {}
}
