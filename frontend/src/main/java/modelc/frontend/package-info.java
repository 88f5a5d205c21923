/** Reads model sources, checks them and builds the intermediate representation. */
@NullMarked
package modelc.frontend;

import org.jspecify.annotations.NullMarked;
