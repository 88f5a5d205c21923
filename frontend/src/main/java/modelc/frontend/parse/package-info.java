/** From text to syntax tree. */
@NullMarked
package modelc.frontend.parse;

import org.jspecify.annotations.NullMarked;
