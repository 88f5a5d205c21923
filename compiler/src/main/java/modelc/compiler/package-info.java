/** Drives a model from source to a loaded, runnable program. */
@NullMarked
package modelc.compiler;

import org.jspecify.annotations.NullMarked;
