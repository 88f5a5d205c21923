/** Evaluates syntax trees at compile time and builds Tensor IR on the way. */
@NullMarked
package modelc.frontend.elaborate;

import org.jspecify.annotations.NullMarked;
