package modelc.passes.contraction;

import modelc.ir.Dim;

/**
 * A batch of matrix products: {@code out[b][m][n] = sum over k of x[b][m][k] * y[b][k][n]}.
 *
 * @param x rows m, columns k
 * @param y rows k, columns n
 */
public record Matmul(Dim batch, Dim m, Dim n, Dim k, Operand x, Operand y) {}
