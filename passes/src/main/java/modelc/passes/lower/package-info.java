/** Lowering: fused groups of Tensor IR become kernels of Loop IR. */
@NullMarked
package modelc.passes.lower;

import org.jspecify.annotations.NullMarked;
