/** Reverse-mode differentiation of Tensor IR. */
@NullMarked
package modelc.passes.autodiff;

import org.jspecify.annotations.NullMarked;
