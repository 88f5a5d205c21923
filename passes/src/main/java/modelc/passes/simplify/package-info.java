/** Simplification of Tensor IR that keeps its meaning. */
@NullMarked
package modelc.passes.simplify;

import org.jspecify.annotations.NullMarked;
