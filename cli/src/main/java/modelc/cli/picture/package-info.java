/** What a model's outputs say of a picture, and drawing it. */
@NullMarked
package modelc.cli.picture;

import org.jspecify.annotations.NullMarked;
