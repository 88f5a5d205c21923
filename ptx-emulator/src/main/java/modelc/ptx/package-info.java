/** An emulator of PTX, NVIDIA's virtual instruction set, that checks what it executes. */
@NullMarked
package modelc.ptx;

import org.jspecify.annotations.NullMarked;
