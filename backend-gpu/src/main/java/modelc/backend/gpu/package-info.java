/** The place of the PTX backend, which is not built yet. */
@NullMarked
package modelc.backend.gpu;

import org.jspecify.annotations.NullMarked;
