/** Loop IR kernels to LLVM IR to code, for any target of LLVM. */
@NullMarked
package modelc.backend.llvm;

import org.jspecify.annotations.NullMarked;
