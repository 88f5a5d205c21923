package modelc.ir.tensor;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Which axis of a convolution's operands and result plays which part (StableHLO's dimension
 * numbers). With them the gradients of a convolution are convolutions, without transposes.
 */
public record ConvDims(
    int inputBatch,
    int inputFeature,
    List<Integer> inputSpatial,
    int kernelInputFeature,
    int kernelOutputFeature,
    List<Integer> kernelSpatial,
    int outputBatch,
    int outputFeature,
    List<Integer> outputSpatial) {
  public ConvDims {
    inputSpatial = List.copyOf(inputSpatial);
    kernelSpatial = List.copyOf(kernelSpatial);
    outputSpatial = List.copyOf(outputSpatial);
  }

  /**
   * Input {@code [n, c, spatial...]}, kernel {@code [out, in, spatial...]}, output {@code [n, out,
   * spatial...]}.
   */
  public static ConvDims standard(int spatialRank) {
    List<Integer> spatial = IntStream.range(2, 2 + spatialRank).boxed().toList();
    return new ConvDims(0, 1, spatial, 1, 0, spatial, 0, 1, spatial);
  }

  public int spatialRank() {
    return inputSpatial.size();
  }
}
