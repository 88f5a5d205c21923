package modelc.ir.loop;

import modelc.ir.DType;
import modelc.ir.Dim;

/**
 * A flat run of elements, indexed from 0 in units of elements.
 *
 * @param name unique in its kernel
 * @param dtype of a lane
 * @param lanes per element: 1 except in REGISTER space, where an element may be a vector
 * @param size in elements; constant unless GLOBAL
 */
public record Buffer(String name, DType dtype, int lanes, Dim size, Space space) {
  public static Buffer global(String name, DType dtype, Dim size) {
    return new Buffer(name, dtype, 1, size, Space.GLOBAL);
  }

  public static Buffer local(String name, DType dtype, int lanes, long size, Space space) {
    return new Buffer(name, dtype, lanes, Dim.of(size), space);
  }
}
