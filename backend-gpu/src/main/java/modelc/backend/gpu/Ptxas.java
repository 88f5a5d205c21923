package modelc.backend.gpu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * NVIDIA's assembler, where it is installed, and what it makes of kernels. Nothing needs it: the
 * driver has its own. It tells of registers and spills without a GPU.
 *
 * @param program e.g. of the CUDA toolkit, or of the Python package nvidia-cuda-nvcc
 */
public record Ptxas(Path program) {
  private static final String VARIABLE = "MODELC_PTXAS";

  private static final int WARP = 32;

  /** Of a multiprocessor. */
  private static final int REGISTERS = 65536;

  private static final int THREADS = 2048;
  private static final int BLOCKS = 32;

  /** Registers are given to a warp so many at a time. */
  private static final int REGISTER_UNIT = 256;

  /**
   * Shared memory of a multiprocessor by architecture, and what the driver takes of it for each
   * block.
   */
  private static final Map<String, Integer> SHARED =
      Map.of("sm_80", 164 << 10, "sm_90", 228 << 10, "sm_90a", 228 << 10);

  private static final int SHARED_OF_DRIVER = 1 << 10;

  /** What it says where it waits for products of warpgroups on its own account. */
  private static final Pattern WAITS =
      Pattern.compile("Potential Performance Loss|warpgroup\\.\\w+ is injected");

  private static final Pattern ENTRY = Pattern.compile("\\.entry (\\w+)\\(");
  private static final Pattern THREADS_OF_BLOCK = Pattern.compile("\\.maxntid (\\d+)(?:, (\\d+))?");

  private static final Pattern FUNCTION =
      Pattern.compile(
          "Function properties for (\\S+)\\s+\\d+ bytes stack frame, (\\d+) bytes spill stores, "
              + "(\\d+) bytes spill loads\\s+ptxas info\\s+: Used (\\d+) registers(.*)");

  private static final Pattern SHARED_BYTES = Pattern.compile("(\\d+) bytes smem");

  /**
   * The machine code of a kernel.
   *
   * @param architecture that it was made for, e.g. sm_80
   * @param threads of a block
   * @param registers of a thread
   * @param shared bytes of static shared memory of a block
   * @param spilled bytes that a thread's spills store and load, by the instructions in the code
   */
  public record Code(String architecture, int threads, int registers, int shared, int spilled) {
    /** The share of a multiprocessor's warps that the blocks have which fit on it. */
    public double occupancy() {
      int warps = Math.ceilDiv(threads, WARP);
      int each = Math.ceilDiv(registers * WARP, REGISTER_UNIT) * REGISTER_UNIT;
      int all = Objects.requireNonNull(SHARED.get(architecture));
      int blocks =
          Math.min(
              Math.min(BLOCKS, THREADS / (warps * WARP)),
              Math.min(REGISTERS / (each * warps), all / (shared + SHARED_OF_DRIVER)));
      return blocks * warps / (double) (THREADS / WARP);
    }
  }

  /** The one that the variable MODELC_PTXAS names; empty if it names none. */
  public static Optional<Ptxas> ofEnvironment() {
    return Optional.ofNullable(System.getenv(VARIABLE)).map(Path::of).map(Ptxas::new);
  }

  /**
   * Makes machine code of PTX, which is thrown away.
   *
   * @param architecture of the device, sm_80, sm_90 or sm_90a
   * @return the kernels by name, in the order of the text
   * @throws IOException if the assembler cannot be run, refuses the text, or has to wait for
   *     products of warpgroups where the text does not, with what it says
   */
  public SequencedMap<String, Code> assemble(String ptx, String architecture) throws IOException {
    Path file = Files.createTempFile("modelc", ".ptx");
    try {
      Files.writeString(file, ptx);
      String said = run("-v", "-arch=" + architecture, "-o", "/dev/null", file.toString());
      return codes(said, ptx, architecture);
    } finally {
      Files.delete(file);
    }
  }

  private String run(String... arguments) throws IOException {
    var command = new ArrayList<String>();
    command.add(program.toString());
    command.addAll(List.of(arguments));
    Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (p.waitFor() != 0 || WAITS.matcher(said).find()) {
        throw new IOException(program + ": " + said);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(program + " was interrupted", e);
    }
    return said;
  }

  private static SequencedMap<String, Code> codes(String said, String ptx, String architecture) {
    var found = new HashMap<String, MatchResult>();
    FUNCTION.matcher(said).results().forEach(m -> found.put(m.group(1), m));
    var codes = new LinkedHashMap<String, Code>();
    Matcher entry = ENTRY.matcher(ptx);
    while (entry.find()) {
      MatchResult m = found.get(entry.group(1));
      if (m == null) {
        throw new IllegalStateException("the assembler says nothing of " + entry.group(1));
      }
      int shared =
          SHARED_BYTES
              .matcher(m.group(5))
              .results()
              .mapToInt(s -> Integer.parseInt(s.group(1)))
              .sum();
      int spilled = Integer.parseInt(m.group(2)) + Integer.parseInt(m.group(3));
      int registers = Integer.parseInt(m.group(4));
      codes.put(
          entry.group(1),
          new Code(architecture, threads(ptx, entry.end()), registers, shared, spilled));
    }
    return codes;
  }

  private static int threads(String ptx, int entry) {
    Matcher m = THREADS_OF_BLOCK.matcher(ptx);
    if (!m.find(entry)) {
      throw new IllegalArgumentException("a kernel does not say how many threads its blocks have");
    }
    int y = m.group(2) == null ? 1 : Integer.parseInt(m.group(2));
    return Integer.parseInt(m.group(1)) * y;
  }
}
