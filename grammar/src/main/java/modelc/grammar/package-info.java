/** The ANTLR grammar of the model language and the parser generated from it. */
@NullMarked
package modelc.grammar;

import org.jspecify.annotations.NullMarked;
