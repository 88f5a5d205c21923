/** A run as a page of HTML that needs nothing beside it: no network, no script. */
@NullMarked
package modelc.cli.report;

import org.jspecify.annotations.NullMarked;
