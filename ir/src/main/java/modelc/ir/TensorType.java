package modelc.ir;

/**
 * Element type and shape of a tensor value; written {@code f32[batch,1,28,28]}, a scalar {@code
 * f32[]}.
 */
public record TensorType(DType dtype, Shape shape) {
  public static TensorType scalar(DType dtype) {
    return new TensorType(dtype, Shape.SCALAR);
  }

  public static TensorType of(DType dtype, long... sizes) {
    return new TensorType(dtype, Shape.of(sizes));
  }

  public int rank() {
    return shape.rank();
  }

  public Dim dim(int axis) {
    return shape.dim(axis);
  }

  public TensorType withShape(Shape shape) {
    return new TensorType(dtype, shape);
  }

  public TensorType withDType(DType dtype) {
    return new TensorType(dtype, shape);
  }

  @Override
  public String toString() {
    return dtype.toString() + shape;
  }
}
