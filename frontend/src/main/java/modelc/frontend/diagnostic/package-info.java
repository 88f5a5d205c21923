/** What is said to the person who wrote a file: codes, places, the text form with carets. */
@NullMarked
package modelc.frontend.diagnostic;

import org.jspecify.annotations.NullMarked;
