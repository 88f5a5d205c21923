/** Measures of Tensor IR: what a program costs before anything is optimised. */
@NullMarked
package modelc.passes.analysis;

import org.jspecify.annotations.NullMarked;
