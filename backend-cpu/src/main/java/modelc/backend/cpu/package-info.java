/** Generates native code for the CPU with LLVM. */
@NullMarked
package modelc.backend.cpu;

import org.jspecify.annotations.NullMarked;
