package modelc.examples;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
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

  /** How often odd numbers are put into each buffer alone. */
  private static final int PLACES = 8;

  /** Instructions of threads that odd numbers may cost. */
  private static final long ODD_BUDGET = 25_000_000 * Long.getLong("mutants.budget", 1);

  /** Instructions that trials of more blocks than those may cost. */
  private static final long BUDGET = 20_000_000;

  /** Of the largest block, whose threads take the elements of a reduction in turn. */
  private static final int WARPS = 8;

  /** Most mutants are caught in a few blocks, the first and the last among them. */
  private static final int SOME_BLOCKS = 4;

  /**
   * Mutants of a kernel, at most: one that updates all parameters has the same code for each of
   * them.
   */
  private static final int MOST = 150;

  /** What a mutant does otherwise that leaves the same numbers behind, from little to much. */
  enum Effect {
    NEVER("never another value"),
    NONE("another value, which nothing else follows from"),
    WAY("more or fewer instructions, with the same loads and stores"),
    READS("more or fewer bytes read, with the same stores"),
    STORES("more or fewer stores, of the same numbers");

    final String text;

    Effect(String text) {
      this.text = text;
    }

    private Effect larger(Effect other) {
      return compareTo(other) > 0 ? this : other;
    }
  }

  private final String structure;
  private final Map<String, Integer> caught = new TreeMap<>();

  /** The numbers of those whose altered instruction has given a thread another value. */
  private final BitSet differing = new BitSet();

  private final Map<Integer, Effect> effects = new HashMap<>();

  /** What caught the opposite of a comparison, by number, where its sides were not equal. */
  private final Map<Integer, String> opposites = new HashMap<>();

  private List<PtxMutants.Mutant> left = List.of();

  /** Of the kernel that is being tried, what has been parsed. */
  private final IdentityHashMap<PtxMutants.Mutant, PtxKernel> mistaken = new IdentityHashMap<>();

  private final IdentityHashMap<List<PtxMutants.Mutant>, PtxModule> probes =
      new IdentityHashMap<>();
  private int mutants;
  private int launches;
  private long spent;
  private long spentOnOdd;

  MutantTrial(String structure) {
    this.structure = structure;
  }

  /** Of the kernels that it tries. */
  String structure() {
    return structure;
  }

  /** How many were caught, by kind and by what. */
  Map<String, Integer> caught() {
    var all = new TreeMap<>(caught);
    left.stream()
        .filter(this::isCaughtAsOpposite)
        .forEach(m -> all.merge("OPPOSITE " + opposites.get(m.number()), 1, Integer::sum));
    return all;
  }

  /** A comparison whose sides are never equal counts as its opposite. */
  private boolean isCaughtAsOpposite(PtxMutants.Mutant m) {
    return !differs(m) && opposites.containsKey(m.number());
  }

  int mutants() {
    return mutants;
  }

  List<PtxMutants.Mutant> survivors() {
    return left.stream().filter(m -> !isCaughtAsOpposite(m)).toList();
  }

  /** What a survivor did otherwise, at most. */
  Effect effect(PtxMutants.Mutant m) {
    return differs(m) ? effects.getOrDefault(m.number(), Effect.NONE) : Effect.NEVER;
  }

  /** Whether the altered instruction of a survivor gave a thread another value, so far as known. */
  private boolean differs(PtxMutants.Mutant m) {
    return differing.get(m.number());
  }

  /** Begins a step of another size: its launches are worth a trial, too. */
  void again() {
    launches = 0;
  }

  /** Tries the mutants of a kernel of the structure, or those that are left. */
  void run(PtxMutants text, PtxKernel kernel, Dim3 grid, Dim3 block, Object... operands) {
    boolean first = mutants == 0;
    if (!first && (left.isEmpty() || launches >= LAUNCHES)) {
      return;
    }
    List<PtxMutants.Mutant> all = text.of(kernel.name());
    if (all.isEmpty()) {
      return;
    }
    left = first ? sample(all) : left.stream().map(m -> all.get(m.number())).toList();
    mutants = first ? left.size() : mutants;
    var some = new Launch(SOME_BLOCKS, text, kernel, grid, block, operands);
    some.tryThoseLeft();
    var largest = some;
    long blocks = Math.min(grid.count(), (BUDGET - spent) * SOME_BLOCKS / some.trial());
    if (blocks > SOME_BLOCKS && !left.isEmpty()) {
      largest = new Launch((int) blocks, text, kernel, grid, block, operands);
      largest.tryThoseLeft();
      spent += largest.trial();
    }
    if (launches++ == 0) {
      amongOddNumbers(largest);
      largest.tryOpposites();
    }
    mistaken.clear();
    probes.clear();
  }

  /** Evenly spread ones, where there are many. */
  private static List<PtxMutants.Mutant> sample(List<PtxMutants.Mutant> all) {
    int most = Math.min(MOST, all.size());
    return IntStream.range(0, most)
        .mapToObj(i -> all.get((int) ((long) i * all.size() / most)))
        .toList();
  }

  /**
   * Puts other numbers into all buffers, then into one at a time: random ones, since those of a
   * deep network may be 0; large ones, which stand out of a sum; infinities, which are seen
   * wherever they get to, and alone at an end, or where a warp begins, show whether that is lost;
   * and zeros, which are flags that are not set.
   */
  private void amongOddNumbers(Launch launch) {
    var random = new Random(1);
    for (Odd odd : Odd.values()) {
      launch.tryWith(launch.buffers, odd, random);
    }
    for (int warp = 0; warp < WARPS; warp++) {
      launch.tryWithInfinityOf(warp);
    }
    for (int i = 0; i < PLACES; i++) {
      for (Odd odd : i == 0 ? Odd.values() : new Odd[] {Odd.INFINITY, Odd.ZERO}) {
        launch.buffers.forEach(b -> launch.tryWith(List.of(b), odd, random));
      }
    }
  }

  /**
   * Numbers that buffers do not have usually, and in which share of a buffer's places; 0: in one.
   */
  private enum Odd {
    FIRST_INFINITY(0),
    LAST_INFINITY(0),
    INFINITY(16),
    RANDOM(1),
    ZERO(16),
    LARGE(1);

    private final int oneIn;

    Odd(int oneIn) {
      this.oneIn = oneIn;
    }

    void put(DeviceBuffer b, Random random) {
      int size = b.bytes() % 4 == 0 ? 4 : 1;
      int all = b.bytes() / size;
      int first = this == LAST_INFINITY ? Math.max(0, all - 1) : 0;
      int end = this == FIRST_INFINITY ? Math.min(1, all) : all;
      for (int i = first; i < end; i += 1 + random.nextInt(Math.max(1, 2 * oneIn - 1))) {
        if (size == 1) {
          b.slice(i, 1).write((byte) (this == ZERO ? 0 : random.nextInt(2)));
        } else {
          b.slice(4 * i, 4).write(value(random));
        }
      }
    }

    private float value(Random random) {
      return switch (this) {
        case RANDOM -> (float) random.nextGaussian();
        case LARGE -> (float) (1000 * random.nextGaussian());
        case FIRST_INFINITY, LAST_INFINITY, INFINITY -> Float.POSITIVE_INFINITY;
        case ZERO -> 0;
      };
    }
  }

  /** A launch on buffers of its own. */
  private final class Launch {
    final PtxMutants text;
    final PtxKernel kernel;
    final Dim3 grid;
    final Dim3 block;
    final Object[] operands;
    final List<DeviceBuffer> buffers;
    final Emulator emulator;

    /** Does not look for races. */
    final Emulator plain;

    final List<Contents> usualContents;
    List<Contents> before;
    List<Contents> after = List.of();

    /** Instructions of threads. */
    long cost;

    /** What the kernel itself does; empty until that is asked for. */
    Optional<LaunchReport> usual = Optional.empty();

    /** What the last altered kernel did that ended. */
    LaunchReport last;

    /** How many mutants the last trial was of that are left. */
    int tried;

    Launch(int mostBlocks, PtxMutants text, PtxKernel kernel, Dim3 grid, Dim3 block, Object... of) {
      this.text = text;
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
      usualContents = contents();
      before = usualContents;
      var options = EmulatorOptions.DEFAULT.withMostBlocks(mostBlocks);
      plain = new Emulator(memory, options.withRaces(false));
      LaunchReport r = plain.launch(kernel, grid, block, 0, operands);
      long warps = Math.min(mostBlocks, grid.count()) * ((block.count() + 31) / 32);
      emulator =
          new Emulator(memory, options.withStepLimit(10_000 + 16 * r.warpInstructions() / warps));
      cost = r.threadInstructions();
      last = r;
      after = contents();
    }

    /** Tries those left with odd numbers in some buffers. */
    void tryWith(List<DeviceBuffer> into, Odd odd, Random random) {
      tryWith(() -> into.forEach(b -> odd.put(b, random)));
    }

    /** The same with one infinity in each buffer, which a warp comes to first. */
    void tryWithInfinityOf(int warp) {
      int at = 4 * 32 * warp;
      tryWith(
          () ->
              buffers.stream()
                  .filter(b -> b.bytes() % 4 == 0 && b.bytes() > at)
                  .forEach(b -> b.slice(at, 4).write(Float.POSITIVE_INFINITY)));
    }

    /** The same with what {@code change} makes of the usual numbers, while that is affordable. */
    private void tryWith(Runnable change) {
      if (spentOnOdd > ODD_BUDGET || left.isEmpty()) {
        return;
      }
      restore(usualContents);
      change.run();
      if (begin()) {
        tryThoseLeft();
      }
      spentOnOdd += trial();
    }

    /** Takes what the buffers hold now for what launches begin with; false: no kernel can. */
    boolean begin() {
      before = contents();
      try {
        LaunchReport r = emulator.launch(kernel, grid, block, 0, operands);
        usual = Optional.of(r);
        cost = r.threadInstructions();
      } catch (PtxFault f) {
        // The odd number was an index.
        return false;
      }
      after = contents();
      return true;
    }

    /** Instructions of a trial like the last one, without what mistakes add or leave out. */
    long trial() {
      // Probing comes to two or three times the kernel.
      return cost * (4 + tried);
    }

    List<Contents> contents() {
      return buffers.stream().map(DeviceBuffer::contents).toList();
    }

    void restore(List<Contents> contents) {
      for (int i = 0; i < buffers.size(); i++) {
        buffers.get(i).restore(contents.get(i));
      }
    }

    private Effect effect(LaunchReport of) {
      if (usual.isEmpty()) {
        restore(before);
        usual = Optional.of(emulator.launch(kernel, grid, block, 0, operands));
      }
      LaunchReport kernels = usual.get();
      if (of.globalWritten() != kernels.globalWritten()) {
        return Effect.STORES;
      }
      if (of.globalRead() != kernels.globalRead()) {
        return Effect.READS;
      }
      return of.threadInstructions() == kernels.threadInstructions() ? Effect.NONE : Effect.WAY;
    }

    /** Runs those mutants that are left and would differ in this launch. */
    void tryThoseLeft() {
      BitSet differ = differing();
      differing.or(differ);
      var survivors = left.stream().filter(m -> !differ.get(m.number()) || survives(m)).toList();
      left = survivors.size() < left.size() ? survivors : left;
      tried = (int) left.stream().filter(m -> differ.get(m.number())).count();
    }

    /** Runs the opposites of comparisons whose sides have never been equal. */
    void tryOpposites() {
      restore(usualContents);
      if (begin()) {
        for (PtxMutants.Mutant m : left) {
          if (!MutantTrial.this.differs(m)) {
            text.opposite(m)
                .flatMap(o -> caughtBy(PtxModule.parse(text.ptx(o)).kernel(kernel.name())))
                .ifPresent(by -> opposites.put(m.number(), by));
          }
        }
      }
    }

    /** The numbers of those left whose altered instruction would give a thread another value. */
    private BitSet differing() {
      restore(before);
      PtxModule module = probes.computeIfAbsent(left, l -> PtxModule.parse(text.probes(l)));
      module.variable(PtxMutants.DIFFERS).write(new byte[left.size()]);
      plain.launch(module.kernel(kernel.name()), grid, block, 0, operands);
      byte[] found = module.variable(PtxMutants.DIFFERS).toBytes();
      var numbers = new BitSet();
      for (int i = 0; i < found.length; i++) {
        numbers.set(left.get(i).number(), found[i] != 0);
      }
      return numbers;
    }

    /** Whether a mutant does what the kernel does. */
    private boolean survives(PtxMutants.Mutant mutant) {
      PtxKernel altered =
          mistaken.computeIfAbsent(mutant, m -> PtxModule.parse(text.ptx(m)).kernel(kernel.name()));
      Optional<String> by = caughtBy(altered);
      if (by.isPresent()) {
        caught.merge(mutant.kind() + " " + by.get(), 1, Integer::sum);
      } else {
        effects.merge(mutant.number(), effect(last), Effect::larger);
      }
      return by.isEmpty();
    }

    /** What tells an altered kernel from the kernel, if anything does. */
    private Optional<String> caughtBy(PtxKernel altered) {
      restore(before);
      try {
        last = emulator.launch(altered, grid, block, 0, operands);
        return differ(contents(), after) ? Optional.of("numbers") : Optional.empty();
      } catch (PtxFault fault) {
        return Optional.of(fault.kind().toString());
      }
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
