/**
 * Material for tests of lowering and of every backend: the op table with its hostile shapes. Not
 * used by the compiler.
 */
@NullMarked
package modelc.passes.testing;

import org.jspecify.annotations.NullMarked;
