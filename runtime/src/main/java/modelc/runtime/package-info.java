/** What a compiled model needs when it runs; depends on the JDK alone. */
@NullMarked
package modelc.runtime;

import org.jspecify.annotations.NullMarked;
