package modelc.cli;

import java.util.Locale;
import modelc.compiler.Compiled;
import modelc.compiler.Compiler;
import modelc.compiler.EmulatedDevice;
import modelc.ir.Precision;
import modelc.ir.tensor.Program;
import modelc.ptx.EmulatorOptions;
import modelc.runtime.Device;
import modelc.runtime.Model;
import modelc.runtime.Sm90a;
import modelc.runtime.UsageException;
import modelc.runtime.cuda.CudaDevice;
import picocli.CommandLine.Option;

/** Which device commands that run a model compute on. */
final class DeviceOption {
  private static final String CPU = "cpu";
  private static final String EMULATOR = "ptx-emulator";

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = {
        "What computes: cpu (default); cuda, an NVIDIA GPU, or cuda:1, the second;",
        "ptx-emulator, which runs the kernels for GPUs in Java and checks every access."
      })
  String device = CPU;

  /** A model, ready to be run, and how long that took, in words. */
  record Loaded(Model model, String how) {}

  /**
   * Refuses a name that is none.
   *
   * @throws UsageException if there is no such device
   */
  void check() {
    if (!device.equals(CPU) && !device.equals(EMULATOR) && CudaDevice.ordinal(device).isEmpty()) {
      throw new UsageException(
          "C0121",
          "there is no device " + device,
          "pass --device cpu, --device cuda or --device " + EMULATOR);
    }
  }

  /**
   * Compiles {@code program}, or finds it in the cache, and loads it there.
   *
   * @param precision of products, where the device has a choice: CPUs compute in float32
   */
  Loaded load(Program program, Precision precision, CacheOption cache) {
    check();
    long start = System.nanoTime();
    if (device.equals(CPU)) {
      Compiled compiled = cache.compiler().compile(program);
      Model model = compiled.load();
      return new Loaded(
          model,
          String.format(
              Locale.ROOT,
              "%s in %s (%d kernels, %d of them distinct)%s",
              compiled.cached() ? "found native code" : "compiled to native code",
              since(start),
              compiled.kernels().all(),
              compiled.kernels().distinct(),
              precision == Precision.FLOAT32
                  ? ""
                  : "; precision = " + precision + " is for GPUs, a CPU computes in float32"));
    }
    Device opened = open(cache); // before compiling: it may be missing
    String name = opened.name();
    Compiler.OnDevice compiled;
    Model model;
    try {
      compiled = cache.compiler(precision).forDevices(program);
      model = compiled.on(opened);
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
    String remark = device.equals(EMULATOR) ? "; every access is checked, which is slow" : "";
    return new Loaded(
        model,
        String.format(
            Locale.ROOT,
            "%s in %s, for %s%s%s",
            compiled.cached() ? "found PTX" : "compiled to PTX",
            since(start),
            name,
            precision == Precision.FLOAT32 ? "" : ", products in " + precision,
            remark));
  }

  private Device open(CacheOption cache) {
    if (device.equals(EMULATOR)) {
      return new EmulatedDevice(EmulatorOptions.DEFAULT, Sm90a.wanted(System.getenv(), false));
    }
    int ordinal = CudaDevice.ordinal(device).orElseThrow();
    return CudaDevice.open(ordinal, cache.content(), System.getenv());
  }

  private static String since(long start) {
    return Progress.duration((System.nanoTime() - start) * 1e-9);
  }
}
