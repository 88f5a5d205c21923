/** Loads data sets into the tensors that a model trains on. */
@NullMarked
package modelc.data;

import org.jspecify.annotations.NullMarked;
