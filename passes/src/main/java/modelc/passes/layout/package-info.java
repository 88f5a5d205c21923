/**
 * Decisions about memory layout, taken on Tensor IR: physical padding and the order of axes in
 * memory.
 */
@NullMarked
package modelc.passes.layout;

import org.jspecify.annotations.NullMarked;
