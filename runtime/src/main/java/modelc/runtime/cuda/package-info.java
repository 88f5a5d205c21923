/** NVIDIA's GPUs as devices, through their driver alone. */
@NullMarked
package modelc.runtime.cuda;

import org.jspecify.annotations.NullMarked;
