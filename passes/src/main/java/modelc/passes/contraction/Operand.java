package modelc.passes.contraction;

import modelc.ir.Dim;
import modelc.ir.loop.Buffer;

/**
 * A batch of matrices in memory: element {@code (b, row, col)} is at {@code b*batchStride +
 * row*rowStride + col*colStride}. Strides are in elements.
 */
public record Operand(Buffer buffer, Dim batchStride, Dim rowStride, Dim colStride) {}
