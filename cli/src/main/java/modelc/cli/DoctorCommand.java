package modelc.cli;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import modelc.backend.cpu.Machine;
import modelc.backend.cpu.SharedLibrary;
import modelc.bundle.ExitCode;
import modelc.passes.Target;
import modelc.runtime.ContentCache;
import modelc.runtime.DeviceException;
import modelc.runtime.cuda.CudaDevice;
import picocli.CommandLine.Command;

/**
 * {@code modelc doctor}: what modelc found on this machine, and what to do where something is
 * missing. It changes nothing.
 */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = {
      "Tells what modelc found on this machine: JDK, LLVM, processor, GPU, cache.",
      "Ends with 1 if something keeps it from working."
    })
final class DoctorCommand implements Callable<Integer> {
  /** What vectors of eight floats and their products need. */
  private static final List<String> WANTED = List.of("avx2", "fma");

  /** Columns of what stands before a finding. */
  private static final int FOUND = 16;

  private boolean broken;

  @Override
  public Integer call() {
    java();
    llvm();
    processor();
    memory();
    gpu();
    cache();
    return broken ? ExitCode.WRONG.code() : ExitCode.OK.code();
  }

  private void java() {
    String home = System.getProperty("java.home", "?");
    say(true, "java", Runtime.version() + " in " + home, "");
    boolean quick =
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(a -> a.startsWith("-XX:AOTCache="))
            .anyMatch(a -> Files.isReadable(Path.of(a.substring(a.indexOf('=') + 1))));
    say(
        true,
        "start",
        quick ? "from the JVM's ahead-of-time cache" : "without an ahead-of-time cache",
        quick ? "" : "run it by ./modelc, which makes one; `touch pom.xml` has it made anew");
  }

  private void llvm() {
    try {
      say(true, "llvm", SharedLibrary.llvmVersion() + ", brought along; nothing to install", "");
    } catch (UnsatisfiedLinkError | RuntimeException e) {
      broken = true;
      say(
          false,
          "llvm",
          String.valueOf(e.getMessage()),
          "its native library unpacks into ~/.javacpp: that folder must be writable and may hold"
              + " programs");
    }
  }

  private void processor() {
    if (broken) {
      return;
    }
    Machine host = Machine.host();
    List<String> has = host.required();
    boolean fast = has.containsAll(WANTED);
    say(
        fast,
        "processor",
        host.cpu()
            + ", "
            + Runtime.getRuntime().availableProcessors()
            + " threads"
            + vectors(host, fast),
        fast ? "" : "networks run, but several times slower");
  }

  private static String vectors(Machine host, boolean fast) {
    if (!fast) {
      return ", without AVX2 or FMA";
    }
    return host.target().equals(Target.AVX512) ? ", with AVX-512" : ", with AVX2 and FMA";
  }

  private static void memory() {
    var system = ManagementFactory.getOperatingSystemMXBean();
    if (system instanceof com.sun.management.OperatingSystemMXBean s) {
      say(
          true,
          "memory",
          bytes(s.getTotalMemorySize()) + ", " + bytes(s.getFreeMemorySize()) + " of it unused",
          "");
    }
  }

  /** Whether there is a GPU of NVIDIA's to compute on. */
  private static void gpu() {
    try (var device = CudaDevice.open(0, Optional.empty(), System.getenv())) {
      say(true, "gpu", device.name(), "compute on it with --device cuda");
    } catch (DeviceException e) {
      say(true, "gpu", String.valueOf(e.getMessage()), e.cure());
    }
  }

  private static void cache() {
    Optional<ContentCache> cache = ContentCache.ofEnvironment(System.getenv());
    if (cache.isEmpty()) {
      say(true, "cache", "off", "unset " + ContentCache.VARIABLE + " to keep compiled code");
      return;
    }
    Path folder = cache.get().folder();
    Path there = folder;
    while (there.getParent() != null && !Files.exists(there)) {
      there = there.getParent();
    }
    boolean writable = Files.isWritable(there);
    String size;
    try {
      size = bytes(cache.get().bytes()) + " of at most " + bytes(ContentCache.MAX_BYTES);
    } catch (IOException e) {
      size = "unreadable";
    }
    say(
        writable,
        "cache",
        folder + ", " + size,
        writable ? "" : "make it writable, or name another folder in " + ContentCache.VARIABLE);
  }

  private static void say(boolean good, String what, String found, String cure) {
    print(String.format("%-4s %-10s %s", good ? "ok" : "!", what, found));
    if (!cure.isEmpty()) {
      print(" ".repeat(FOUND) + "= help: " + cure);
    }
  }

  private static void print(String line) {
    System.out.println(Columns.wrapped(line, FOUND));
  }

  private static String bytes(long n) {
    return n >= 1L << 30
        ? String.format(Locale.ROOT, "%.1f GiB", n / (double) (1L << 30))
        : String.format(Locale.ROOT, "%.1f MiB", n / (double) (1L << 20));
  }
}
