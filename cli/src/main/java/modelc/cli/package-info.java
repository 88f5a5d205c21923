/** The command line. */
@NullMarked
package modelc.cli;

import org.jspecify.annotations.NullMarked;
