package modelc.runtime.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.runtime.DeviceException;

/**
 * NVIDIA's driver as a library: finds it, calls its functions, and turns every result that is no
 * success into an exception. It is never unloaded, for it does not like to be.
 */
final class Libcuda {
  /** The variable that names another library. */
  static final String VARIABLE = "MODELC_LIBCUDA";

  /** As {@code cuDriverGetVersion} counts: CUDA 11.8, the first that reads our PTX. */
  static final int OLDEST = 11080;

  /** Where the driver is: on the loader's path, or where WSL keeps it. */
  private static final List<String> PLACES =
      List.of("libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1");

  private static final int OUT_OF_MEMORY = 2;

  private final Map<Function, MethodHandle> handles = new EnumMap<>(Function.class);
  private final int version;
  private volatile boolean broken;

  private Libcuda(SymbolLookup library) {
    link(library, Function.GET_ERROR_NAME);
    link(library, Function.GET_ERROR_STRING);
    link(library, Function.DRIVER_GET_VERSION);
    version = readInt(Function.DRIVER_GET_VERSION);
    if (version < OLDEST) {
      throw tooOld("it knows CUDA " + cuda(version));
    }
    for (Function f : Function.values()) {
      link(library, f);
    }
  }

  /**
   * The driver of this machine.
   *
   * @param environment which may name a library in {@link #VARIABLE}
   * @throws DeviceException if there is none, or too old a one
   */
  static Libcuda open(Map<String, String> environment) {
    Optional<String> named =
        Optional.ofNullable(environment.get(VARIABLE)).filter(n -> !n.isEmpty());
    for (String place : named.map(Collections::singletonList).orElse(PLACES)) {
      SymbolLookup library;
      try {
        library = SymbolLookup.libraryLookup(place, Arena.global());
      } catch (IllegalArgumentException notThere) {
        continue;
      }
      return new Libcuda(library);
    }
    throw new DeviceException(
        "R0901",
        "there is no NVIDIA driver: "
            + named.map(n -> VARIABLE + " names " + n + ", which").orElse("libcuda.so.1")
            + " cannot be loaded",
        "install the driver (Debian: nvidia-driver and libcuda1; Ubuntu: nvidia-driver-550 or"
            + " later; in a container: --gpus all), or compute with --device cpu");
  }

  private void link(SymbolLookup library, Function f) {
    MemorySegment address =
        library.find(f.symbol).orElseThrow(() -> tooOld("it has no " + f.symbol));
    MethodHandle exact = Linker.nativeLinker().downcallHandle(address, f.descriptor);
    MethodType longs = MethodType.methodType(int.class, Collections.nCopies(f.arity(), long.class));
    handles.put(
        f, MethodHandles.explicitCastArguments(exact, longs).asSpreader(long[].class, f.arity()));
  }

  private static DeviceException tooOld(String what) {
    return new DeviceException(
        "R0902",
        "the NVIDIA driver is too old: " + what + ", and CUDA " + cuda(OLDEST) + " is needed",
        "update it to version 520 or later (`nvidia-smi` tells which it is), or compute with"
            + " --device cpu");
  }

  /** 12040 is CUDA 12.4. */
  private static String cuda(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  /** The newest CUDA that the driver knows, e.g. 12.4. */
  String version() {
    return cuda(version);
  }

  /** Whether it is of CUDA's that version, as 12040 for 12.4, or a later one. */
  boolean knows(int cuda) {
    return version >= cuda;
  }

  /** Calls a function; 32-bit arguments are the lower halves. */
  void call(Function f, long... arguments) {
    int result = result(f, arguments);
    if (result != 0) {
      throw failed(f, result);
    }
  }

  /** The CUresult of a call. */
  int result(Function f, long... arguments) {
    MethodHandle handle = java.util.Objects.requireNonNull(handles.get(f));
    try {
      return (int) handle.invokeExact(arguments);
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** Calls a function that writes a 32-bit number to its first argument. */
  int readInt(Function f, long... others) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_INT);
      call(f, withFirst(out, others));
      return out.get(JAVA_INT, 0);
    }
  }

  /** Calls a function that writes a handle or an address to its first argument. */
  long readLong(Function f, long... others) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      call(f, withFirst(out, others));
      return out.get(JAVA_LONG, 0);
    }
  }

  private static long[] withFirst(MemorySegment out, long[] others) {
    var all = new long[others.length + 1];
    all[0] = out.address();
    System.arraycopy(others, 0, all, 1, others.length);
    return all;
  }

  /** Whether a call has failed, after which freeing may fail too. */
  boolean isBroken() {
    return broken;
  }

  static boolean isOutOfMemory(int result) {
    return result == OUT_OF_MEMORY;
  }

  /** What to throw where {@code f} returned {@code result}. */
  DeviceException failed(Function f, int result) {
    broken = true;
    String name = text(Function.GET_ERROR_NAME, result);
    return new DeviceException(
        "R0906",
        f.symbol
            + " failed with "
            + (name.isEmpty() ? "error " + result : name)
            + " ("
            + text(Function.GET_ERROR_STRING, result)
            + ")",
        Cures.of(result));
  }

  /** What the driver says of a result; empty if it says nothing. */
  private String text(Function f, int result) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      if (result(f, result, out.address()) != 0 || out.get(JAVA_LONG, 0) == 0) {
        return "";
      }
      return MemorySegment.ofAddress(out.get(JAVA_LONG, 0)).reinterpret(1 << 12).getString(0);
    }
  }
}
