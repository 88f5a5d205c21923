/** The text of PTX: lexer, parser and syntax tree, which knows no instruction by name. */
@NullMarked
package modelc.ptx.syntax;

import org.jspecify.annotations.NullMarked;
