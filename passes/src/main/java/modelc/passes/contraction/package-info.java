/** Register-tiled kernels for matrix products, convolutions and the gradients of convolutions. */
@NullMarked
package modelc.passes.contraction;

import org.jspecify.annotations.NullMarked;
