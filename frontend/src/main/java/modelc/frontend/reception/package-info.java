/** What each value of a network sees of its image. */
@NullMarked
package modelc.frontend.reception;

import org.jspecify.annotations.NullMarked;
