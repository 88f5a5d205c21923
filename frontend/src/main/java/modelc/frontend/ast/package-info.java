/** The syntax tree of .model files: what was written, before any meaning is given to it. */
@NullMarked
package modelc.frontend.ast;

import org.jspecify.annotations.NullMarked;
