/** Fusion: cuts a Tensor IR graph into groups that become kernels. */
@NullMarked
package modelc.passes.fuse;

import org.jspecify.annotations.NullMarked;
