/** The intermediate representations and what holds for all of them. */
@NullMarked
package modelc.ir;

import org.jspecify.annotations.NullMarked;
