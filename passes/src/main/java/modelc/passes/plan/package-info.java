/** Assembly of an entry: order of launches, memory, barriers. */
@NullMarked
package modelc.passes.plan;

import org.jspecify.annotations.NullMarked;
