/** The outer loops of kernels for GPUs, for all who write some. */
@NullMarked
package modelc.passes.gpu;

import org.jspecify.annotations.NullMarked;
