/** Transforms the intermediate representation: differentiation, optimisation, lowering. */
@NullMarked
package modelc.passes;

import org.jspecify.annotations.NullMarked;
