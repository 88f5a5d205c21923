/** Gives a session weights that were trained elsewhere, under other names. */
@NullMarked
package modelc.runtime.weights;

import org.jspecify.annotations.NullMarked;
