/** Vector code for the loops declared independent: Loop IR to Loop IR. */
@NullMarked
package modelc.passes.vectorize;

import org.jspecify.annotations.NullMarked;
