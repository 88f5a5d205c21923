/** Measures compiled models and the compiler itself; not shipped. */
@NullMarked
package modelc.bench;

import org.jspecify.annotations.NullMarked;
