/** The tensor-level representation: operations on whole tensors. */
@NullMarked
package modelc.ir.tensor;

import org.jspecify.annotations.NullMarked;
