package modelc.runtime.cuda;

/** What to do about the results of the driver, by their numbers in {@code cuda.h}. */
final class Cures {
  private Cures() {}

  static String of(int result) {
    return switch (result) {
      case 2 -> "use a smaller batch (`batch=16`), or end other programs on the GPU (`nvidia-smi`)";
      case 34 ->
          "the library is the toolkit's stub, not the driver: take its folder `stubs` off"
              + " LD_LIBRARY_PATH";
      case 46 -> "another program has the GPU for itself: `nvidia-smi` tells which";
      case 100, 101 ->
          "`nvidia-smi` lists the GPUs; CUDA_VISIBLE_DEVICES may hide them, and a container needs"
              + " --gpus all";
      case 102, 801 -> "use another GPU, or --device cpu";
      case 214, 220 -> "the hardware has failed: restart the machine, and look at `nvidia-smi -q`";
      case 221 -> "install the driver's libnvidia-ptxjitcompiler.so.1, which belongs to it";
      case 222 -> "update the driver to version 520 or later";
      case 223 -> "unset CUDA_DISABLE_PTX_JIT";
      case 304, 999 ->
          "load the driver's kernel module as root: `nvidia-modprobe -u -c 0`; `dmesg` may tell"
              + " more";
      case 700, 710, 714, 715, 716, 717, 718, 719 ->
          "a kernel has failed, which is modelc's fault: `--device ptx-emulator` with a small batch"
              + " names its line; report it with the .model file";
      case 702 -> "a kernel ran longer than the GPU of a display may: use another, or no display";
      case 802 -> "start the fabric manager: `systemctl start nvidia-fabricmanager`";
      case 803 -> "the driver was updated while it was in use: restart the machine";
      case 804 -> "take the folder `compat` of CUDA off LD_LIBRARY_PATH";
      case 805, 806, 807, 808, 809, 810 -> "restart the server of CUDA's MPS, or end it";
      default ->
          "run it once more; if that does not help, report it with the .model file, and use"
              + " --device cpu meanwhile";
    };
  }
}
