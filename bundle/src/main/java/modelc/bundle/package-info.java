/** The program in a bundle: trains and runs a compiled model without the compiler. */
@NullMarked
package modelc.bundle;

import org.jspecify.annotations.NullMarked;
