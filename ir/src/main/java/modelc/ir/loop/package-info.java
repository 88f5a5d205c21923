/** The loop-level representation: loops over the elements of buffers. */
@NullMarked
package modelc.ir.loop;

import org.jspecify.annotations.NullMarked;
