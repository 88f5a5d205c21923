package modelc.examples;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import modelc.runtime.Call;
import modelc.runtime.ElementType;
import modelc.runtime.Model;
import modelc.runtime.ModelcException;
import modelc.runtime.Session;
import modelc.runtime.Tensor;

/**
 * Random sequences of calls of the runtime's API on a compiled exclusive-or, in order and out of
 * order, from the right thread, from others, and at once. It counts how they end: a call succeeds,
 * or is refused by a documented exception; anything else ends the run.
 */
@SuppressWarnings("MustBeClosedChecker") // arenas are closed at random: that is the test
final class RandomCalls implements AutoCloseable {
  private static final List<String> ENTRIES = List.of("init", "infer", "eval", "train", "tain");
  private static final List<String> NAMES =
      List.of("features", "target", "logit", "loss", "seed", "step", "hidden.w", "finite", "none");
  private static final long[] SIZES = {1, 2, 4, 3, 5, 0, -1, Long.MAX_VALUE, Long.MIN_VALUE};

  private final Path library;
  private final Random random;
  private final ExecutorService others = Executors.newFixedThreadPool(2);
  final Map<String, Long> endings = new ConcurrentHashMap<>();

  private final List<Model> models = new ArrayList<>();
  private final List<Session> sessions = new ArrayList<>();
  private final List<Call> calls = new ArrayList<>();
  private final List<Tensor> tensors = new ArrayList<>();
  private final List<Arena> arenas = new ArrayList<>();

  RandomCalls(Path library, long seed) {
    this.library = library;
    this.random = new Random(seed);
  }

  /** Something to do, all its choices made. */
  private interface Act {
    void run();
  }

  /** Runs one sequence and closes what it leaves open. */
  void sequence() throws InterruptedException {
    open();
    var underWay = new ArrayList<Future<?>>();
    for (int i = 8 + random.nextInt(17); i > 0; i--) {
      Act act = choose();
      switch (random.nextInt(12)) {
        case 0 -> await(others.submit(() -> attempt(act)));
        case 1, 2 -> underWay.add(others.submit(() -> attempt(act)));
        default -> attempt(act);
      }
    }
    Model first = pick(models);
    underWay.add(others.submit(() -> attempt(first::close)));
    attempt(first::close);
    for (Future<?> f : underWay) {
      await(f);
    }
    models.forEach(m -> attempt(m::close));
    arenas.forEach(a -> attempt(a::close));
    List.of(models, sessions, calls, tensors, arenas).forEach(List::clear);
  }

  private void open() {
    Model model = Model.load(library);
    models.add(model);
    Session session = model.open(1);
    sessions.add(session);
    session.init(1);
    Call infer = session.call("infer").size("batch", 2);
    infer.input("features");
    calls.add(infer);
    arenas.add(Arena.ofShared());
    tensors.add(Tensor.ofFloats(List.of(2L, 2L), 0, 1, 1, 1));
  }

  private static void await(Future<?> f) throws InterruptedException {
    try {
      f.get();
    } catch (ExecutionException e) {
      throw new AssertionError("an undocumented end", e.getCause());
    }
  }

  private void attempt(Act act) {
    String end;
    try {
      act.run();
      end = "done";
    } catch (ModelcException e) {
      end = e.code();
    } catch (IllegalStateException e) {
      end = "closed memory"; // the JDK's word for it
    } catch (WrongThreadException e) {
      end = "memory of another thread"; // likewise
    }
    endings.merge(end, 1L, Long::sum);
  }

  private <T> T pick(List<T> from) {
    synchronized (from) {
      return from.get(random.nextInt(from.size()));
    }
  }

  private static <T> void keep(List<T> in, T made) {
    synchronized (in) {
      in.add(made);
    }
  }

  private Act choose() {
    Model model = pick(models);
    Session session = pick(sessions);
    Call call = pick(calls);
    String name = NAMES.get(random.nextInt(NAMES.size()));
    long size = SIZES[random.nextInt(SIZES.length)];
    return switch (random.nextInt(26)) {
      case 0 -> () -> keep(models, Model.load(library));
      case 1 -> {
        int threads = random.nextInt(8) == 0 ? (int) size : 1;
        yield () -> keep(sessions, model.open(threads));
      }
      case 2 -> () -> session.init(size);
      case 3, 4 -> {
        String entry = ENTRIES.get(random.nextInt(ENTRIES.size()));
        yield () -> keep(calls, session.call(entry));
      }
      case 5, 6 -> () -> call.size(random.nextInt(5) == 0 ? name : "batch", size);
      case 7 -> () -> keep(tensors, call.input(name));
      case 8, 9 -> {
        Tensor value = pick(tensors);
        yield () -> call.set(name, value);
      }
      case 10, 11 -> binding(call, name);
      case 12, 13, 14, 15 -> call::run;
      case 16 -> () -> keep(tensors, call.output(name));
      case 17 -> () -> call.value(name);
      case 18 -> () -> call.flag(name);
      case 19 -> () -> call.scalar(name, (double) size).seed(size);
      case 20 -> session::takeOver;
      case 21 -> () -> keep(tensors, session.variable(name));
      case 22 -> {
        Tensor value = pick(tensors);
        yield () -> session.set(Map.of(name, value));
      }
      case 23 -> {
        Tensor value = pick(tensors);
        yield () -> value.copy().floats();
      }
      case 24 -> {
        Arena arena = pick(arenas);
        yield arena::close;
      }
      default -> closing(model, session, call);
    };
  }

  private Act closing(Model model, Session session, Call call) {
    return switch (random.nextInt(4)) {
      case 0 -> model::close;
      case 1 -> session::close;
      default -> call::close;
    };
  }

  /** Binds an input to memory of all kinds: heap, misaligned, short, confined, shared, closed. */
  private Act binding(Call call, String name) {
    int kind = random.nextInt(6);
    Arena arena = pick(arenas);
    return switch (kind) {
      case 0 -> () -> call.bind(name, MemorySegment.ofArray(new float[64]));
      case 1 -> () -> call.bind(name, arena.allocate(128, 64).asSlice(4));
      case 2 -> () -> call.bind(name, arena.allocate(8, 64));
      case 3 -> () -> call.bind(name, Arena.ofAuto().allocate(64, 64));
      case 4 ->
          () -> {
            Arena mine = random.nextBoolean() ? Arena.ofConfined() : Arena.ofShared();
            keep(arenas, mine);
            call.bind(name, mine.allocate(64, 64));
          };
      default ->
          () -> {
            MemorySegment m = arena.allocate(64, 64);
            m.set(ValueLayout.JAVA_FLOAT, 0, 1);
            var shape = List.of((long) random.nextInt(4), 2L);
            long bytes = shape.getFirst() * 8;
            call.bind(name, Tensor.wrap(ElementType.F32, shape, m.asSlice(0, bytes)));
          };
    };
  }

  @Override
  public void close() {
    others.shutdownNow();
  }

  /** Runs {@code count} sequences and says how their calls ended. */
  static Map<String, Long> run(Path library, long seed, int count) throws InterruptedException {
    try (var calls = new RandomCalls(library, seed)) {
      for (int i = 0; i < count; i++) {
        calls.sequence();
      }
      return new TreeMap<>(calls.endings);
    }
  }

  /** Arguments: the library, and how many sequences. */
  public static void main(String[] arguments) throws InterruptedException {
    long start = System.nanoTime();
    int count = Integer.parseInt(arguments[1]);
    Map<String, Long> endings = run(Path.of(arguments[0]), 1, count);
    System.out.printf(
        "%,d sequences, %,d calls in %.0f s, no crash; how they ended: %s%n",
        count,
        endings.values().stream().mapToLong(Long::longValue).sum(),
        (System.nanoTime() - start) / 1e9,
        endings);
  }
}
