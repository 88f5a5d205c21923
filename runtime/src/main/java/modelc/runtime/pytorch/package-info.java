/** Reads the files that PyTorch's torch.save writes, without running what is pickled in them. */
@NullMarked
package modelc.runtime.pytorch;

import org.jspecify.annotations.NullMarked;
