package modelc.examples;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import modelc.ptx.DeviceBuffer;
import modelc.ptx.DeviceBuffer.Contents;
import modelc.ptx.DeviceMemory;
import modelc.ptx.Dim3;
import modelc.ptx.Emulator;
import modelc.ptx.EmulatorOptions;
import modelc.ptx.LaunchReport;
import modelc.ptx.PtxFault;
import modelc.ptx.PtxKernel;
import modelc.ptx.PtxModule;

/**
 * The mutants of the kernels of one structure. A launch runs them on copies of its buffers, each of
 * which is an allocation of its own; caught are those that the emulator finds a fault in, and those
 * that leave other numbers, or other bytes written, than the kernel. The survivors of a launch are
 * run with single odd numbers in the buffers, and in further launches of other sizes.
 */
final class MutantTrial {
  /** Of a buffer's largest magnitude: more than another order of additions makes. */
  private static final double TOLERANCE = 1e-5;

  /** Launches of a step that a structure's survivors are run in. */
  private static final int LAUNCHES = 3;

  /** Where odd numbers are put in each buffer, besides its ends. */
  private static final int PLACES = 24;

  /** Instructions of threads that the odd numbers of a step may cost. */
  private static final long ODD_BUDGET = 120_000_000;

  /**
   * Mutants of a kernel, at most: one that updates all parameters has the same code for each of
   * them.
   */
  private static final int MOST = 150;

  private final Map<String, Integer> caught = new TreeMap<>();
  private final Set<PtxMutants.Mutant> differing = new HashSet<>();
  private List<PtxMutants.Mutant> left = List.of();
  private int mutants;
  private int launches;

  /** How many were caught, by kind and by what. */
  Map<String, Integer> caught() {
    return caught;
  }

  int mutants() {
    return mutants;
  }

  List<PtxMutants.Mutant> survivors() {
    return left;
  }

  /** Whether the altered instruction of a survivor gave a thread another value, so far as known. */
  boolean differs(PtxMutants.Mutant m) {
    return m.probe().isEmpty() || differing.contains(m);
  }

  /** Begins a step of another size: its launches are worth a trial, too. */
  void again() {
    launches = 0;
  }

  void run(PtxMutants text, PtxKernel kernel, Dim3 grid, Dim3 block, Object... operands) {
    boolean first = mutants == 0;
    if (!first && (left.isEmpty() || launches++ >= LAUNCHES)) {
      return;
    }
    List<PtxMutants.Mutant> all = sample(text.of(kernel.name()));
    if (first) {
      mutants = all.size();
      left = all;
    } else {
      var before = left;
      left =
          before.stream()
              .map(m -> all.stream().filter(m::isLike).findFirst().orElseThrow())
              .toList();
      List<PtxMutants.Mutant> differed =
          left.stream()
              .filter(m -> before.stream().anyMatch(b -> b.isLike(m) && differing.contains(b)))
              .toList();
      differing.clear();
      differing.addAll(differed);
    }
    var launch = new Launch(kernel, grid, block, operands);
    left = launch.survivors(left);
    if (launches <= 1) {
      amongOddNumbers(launch);
    }
    for (PtxMutants.Mutant m : left) {
      if (m.probe().isPresent() && !differing.contains(m) && launch.faults(m.probe().get())) {
        differing.add(m);
      }
    }
  }

  /** Evenly spread ones, where there are many. */
  private static List<PtxMutants.Mutant> sample(List<PtxMutants.Mutant> all) {
    int most = Math.min(MOST, all.size());
    return IntStream.range(0, most)
        .mapToObj(i -> all.get((int) ((long) i * all.size() / most)))
        .toList();
  }

  /** An infinity is seen wherever it gets to; a zero is a flag that is not set. */
  private void amongOddNumbers(Launch launch) {
    var random = new Random(1);
    long budget = ODD_BUDGET;
    List<Contents> usual = launch.before;
    for (float odd : new float[] {Float.POSITIVE_INFINITY, 0}) {
      for (DeviceBuffer b : launch.buffers) {
        for (int i = -2; i < PLACES && b.bytes() > 0; i++) {
          budget -= launch.cost * (1 + left.size());
          if (budget < 0 || left.isEmpty()) {
            break;
          }
          int at = i == -2 ? 0 : i == -1 ? b.bytes() - 1 : random.nextInt(b.bytes());
          launch.restore(usual);
          if (b.bytes() % 4 != 0) {
            b.slice(at, 1).write((byte) 0);
          } else {
            b.slice(at / 4 * 4, 4).write(odd);
          }
          if (launch.begin()) {
            left = launch.survivors(left);
          }
        }
      }
    }
    launch.restore(usual);
    launch.begin();
  }

  /** A launch on buffers of its own. */
  private final class Launch {
    final PtxKernel kernel;
    final Dim3 grid;
    final Dim3 block;
    final Object[] operands;
    final List<DeviceBuffer> buffers;
    final Emulator emulator;
    List<Contents> before;
    List<Contents> after = List.of();

    /** Instructions of threads. */
    long cost;

    Launch(PtxKernel kernel, Dim3 grid, Dim3 block, Object... of) {
      this.kernel = kernel;
      this.grid = grid;
      this.block = block;
      var memory = new DeviceMemory();
      var own = new LinkedHashMap<Long, DeviceBuffer>();
      operands = of.clone();
      for (int i = 0; i < of.length; i++) {
        if (of[i] instanceof DeviceBuffer b) {
          operands[i] =
              own.computeIfAbsent(
                  b.address(),
                  _ -> {
                    DeviceBuffer copy = memory.allocate("buffer " + own.size(), b.bytes());
                    copy.restore(b.contents());
                    return copy;
                  });
        }
      }
      buffers = List.copyOf(own.values());
      before = contents();
      LaunchReport r = new Emulator(memory).launch(kernel, grid, block, 0, operands);
      long warps = grid.count() * ((block.count() + 31) / 32);
      emulator =
          new Emulator(
              memory,
              EmulatorOptions.DEFAULT.withStepLimit(10_000 + 16 * r.warpInstructions() / warps));
      cost = r.threadInstructions();
      after = contents();
    }

    /** Takes what the buffers hold now for what launches begin with; false: no kernel can. */
    boolean begin() {
      before = contents();
      try {
        cost = emulator.launch(kernel, grid, block, 0, operands).threadInstructions();
      } catch (PtxFault f) {
        // The odd number was an index.
        return false;
      }
      after = contents();
      return true;
    }

    List<Contents> contents() {
      return buffers.stream().map(DeviceBuffer::contents).toList();
    }

    void restore(List<Contents> contents) {
      for (int i = 0; i < buffers.size(); i++) {
        buffers.get(i).restore(contents.get(i));
      }
    }

    boolean faults(String ptx) {
      restore(before);
      try {
        emulator.launch(PtxModule.parse(ptx).kernel(kernel.name()), grid, block, 0, operands);
        return false;
      } catch (PtxFault f) {
        return true;
      }
    }

    /** Those of {@code mutants} that do what the kernel does. */
    List<PtxMutants.Mutant> survivors(List<PtxMutants.Mutant> mutants) {
      var survivors = new ArrayList<PtxMutants.Mutant>();
      for (PtxMutants.Mutant mutant : mutants) {
        restore(before);
        String by;
        try {
          PtxKernel altered = PtxModule.parse(mutant.ptx()).kernel(mutant.kernel());
          emulator.launch(altered, grid, block, 0, operands);
          by = differ(contents(), after) ? "numbers" : "";
        } catch (PtxFault fault) {
          by = fault.kind().toString();
        }
        if (by.isEmpty()) {
          survivors.add(mutant);
        } else {
          caught.merge(mutant.kind() + " " + by, 1, Integer::sum);
        }
      }
      return survivors;
    }
  }

  private static boolean differ(List<Contents> actual, List<Contents> expected) {
    for (int i = 0; i < actual.size(); i++) {
      Contents a = actual.get(i);
      Contents e = expected.get(i);
      if (!a.isDefinedLike(e) || differ(a.bytes(), e.bytes())) {
        return true;
      }
    }
    return false;
  }

  /** Whether one of the numbers differs; what is no whole number of float32 differs by bits. */
  private static boolean differ(byte[] actual, byte[] expected) {
    if (Arrays.equals(actual, expected)) {
      return false;
    }
    if (actual.length % 4 != 0) {
      return true;
    }
    FloatBuffer a = floats(actual);
    FloatBuffer e = floats(expected);
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < e.limit(); i++) {
      float x = e.get(i);
      largest = Float.isFinite(x) ? Math.max(largest, Math.abs(x)) : largest;
      if (Float.floatToRawIntBits(a.get(i)) != Float.floatToRawIntBits(x)) {
        double d = Math.abs((double) a.get(i) - x);
        if (!Double.isFinite(d)) {
          return true;
        }
        difference = Math.max(difference, d);
      }
    }
    return difference > TOLERANCE * largest;
  }

  private static FloatBuffer floats(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }
}
