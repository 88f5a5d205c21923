/** PTX of Loop IR with GPU schedules, and the launches of entries. */
@NullMarked
package modelc.backend.gpu;

import org.jspecify.annotations.NullMarked;
