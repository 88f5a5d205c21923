package modelc.passes.plan;

import static modelc.ir.loop.LoopBuilder.div;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.lt;
import static modelc.ir.loop.LoopBuilder.rem;
import static modelc.ir.loop.LoopBuilder.sub;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import modelc.ir.DType;
import modelc.ir.Origin;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Renamer;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;
import modelc.ir.loop.Var;
import modelc.passes.lower.Kernels;
import org.jspecify.annotations.Nullable;

/**
 * Makes one GPU kernel of several that need not wait for each other, so that a step has fewer
 * launches: the updates of all parameters become one, and so do the checks of all gradients. The
 * blocks of the grid are shared out among the kernels; each runs the code of one.
 *
 * <p>It takes kernels only whose buffers do not depend on run-time sizes: intermediate values of a
 * batch would have to be kept until all are there. It changes nothing that a block computes.
 */
final class MergeLaunches {
  /** Buffers of a kernel: its parameters have 4 KiB, 8 bytes each, and sizes need some. */
  static final int MAX_BUFFERS = 480;

  /** A kernel taken apart: its loops over blocks and threads, and what is inside. */
  private record Member(
      Part part,
      Kernel kernel,
      Map<LoopKind, Stmt.For> loops,
      List<Buffer> shared,
      List<Stmt.Let> lets,
      Stmt body,
      boolean meets) {
    long extent(LoopKind kind) {
      Stmt.For f = loops.get(kind);
      return f == null ? 1 : (long) ((Expr.Const) f.upper()).value();
    }

    long blocks() {
      return Math.multiplyExact(extent(LoopKind.GRID_X), extent(LoopKind.GRID_Y));
    }

    /** Kernels whose threads are alone may have fewer of them than the blocks they are put in. */
    String threads() {
      boolean alone = !meets && !loops.containsKey(LoopKind.THREAD_Y);
      return alone ? "any" : extent(LoopKind.THREAD_X) + " x " + extent(LoopKind.THREAD_Y);
    }
  }

  private final List<Member> members;

  private MergeLaunches(List<Member> members) {
    this.members = members;
  }

  /** {@code parts} with some of them merged, in an order like the one given. */
  static List<Part> run(List<Part> parts, Map<Buffer, Buffer> replaces) {
    List<Part> single = parts.stream().flatMap(p -> apart(p).stream()).toList();
    Map<Part, Integer> heights = new Schedule(single, replaces).heights();
    var alike = new LinkedHashMap<String, List<Member>>();
    for (Part p : single) {
      Member m = member(p);
      if (m != null) {
        String key = heights.get(p) + " " + m.threads();
        alike.computeIfAbsent(key, _ -> new ArrayList<>()).add(m);
      }
    }
    var merged = new HashMap<Part, Optional<Part>>();
    alike.values().forEach(ms -> merge(ms, merged));
    return single.stream().flatMap(p -> merged.getOrDefault(p, Optional.of(p)).stream()).toList();
  }

  /** A part for each kernel, where each buffer is written by one alone. */
  private static List<Part> apart(Part p) {
    int writes = p.kernels.stream().mapToInt(k -> Part.writes(k).size()).sum();
    return p.kernels.isEmpty() || writes > p.writes.size()
        ? List.of(p)
        : p.kernels.stream().map(k -> new Part(List.of(k), p.simple)).toList();
  }

  /** In place of the last of each set there is the merged part, in place of the others nothing. */
  private static void merge(List<Member> alike, Map<Part, Optional<Part>> merged) {
    var open = new ArrayList<Member>();
    var buffers = new LinkedHashSet<Buffer>();
    for (Member m : alike) {
      var more = new LinkedHashSet<>(buffers);
      more.addAll(m.kernel().parameters());
      if (more.size() > MAX_BUFFERS) {
        close(open, merged);
        open.clear();
        more.retainAll(m.kernel().parameters());
      }
      open.add(m);
      buffers = more;
    }
    close(open, merged);
  }

  private static void close(List<Member> members, Map<Part, Optional<Part>> merged) {
    if (members.size() > 1) {
      members.forEach(m -> merged.put(m.part(), Optional.empty()));
      Kernel kernel = new MergeLaunches(List.copyOf(members)).kernel();
      merged.put(members.getLast().part(), Optional.of(new Part(List.of(kernel), true)));
    }
  }

  private static @Nullable Member member(Part p) {
    if (!p.simple || p.kernels.size() != 1) {
      return null;
    }
    Kernel k = p.kernels.getFirst();
    if (!k.parameters().stream().allMatch(b -> b.size().isConstant())) {
      return null;
    }
    var loops = new EnumMap<LoopKind, Stmt.For>(LoopKind.class);
    var shared = new ArrayList<Buffer>();
    var lets = new ArrayList<Stmt.Let>();
    Stmt s = k.body();
    while (true) {
      Stmt next = s instanceof Stmt.Block b && !b.body().isEmpty() ? b.body().getLast() : s;
      if (!(next instanceof Stmt.For f && isOuter(f.kind()))) {
        break;
      }
      if (!(f.upper() instanceof Expr.Const)
          || s instanceof Stmt.Block b && !collect(b, shared, lets)) {
        return null;
      }
      loops.put(f.kind(), f);
      s = f.body();
    }
    boolean fits =
        loops.containsKey(LoopKind.GRID_X)
            && loops.containsKey(LoopKind.THREAD_X)
            && !loops.containsKey(LoopKind.GRID_Z);
    return fits ? new Member(p, k, loops, shared, lets, s, meets(s)) : null;
  }

  private static boolean isOuter(LoopKind kind) {
    return switch (kind) {
      case GRID_X, GRID_Y, GRID_Z, THREAD_X, THREAD_Y -> true;
      case SERIAL, PARALLEL, UNROLL, VECTOR -> false;
    };
  }

  /** Takes what stands before the last statement of {@code b}; false: it is not as expected. */
  private static boolean collect(Stmt.Block b, List<Buffer> shared, List<Stmt.Let> lets) {
    for (Stmt s : b.body().subList(0, b.body().size() - 1)) {
      switch (s) {
        case Stmt.Let l -> lets.add(l);
        case Stmt.Alloc a when a.buffer().space() == Space.SHARED -> shared.add(a.buffer());
        default -> {
          return false;
        }
      }
    }
    return true;
  }

  /** Whether threads wait for each other. */
  private static boolean meets(Stmt body) {
    boolean[] found = {false};
    Kernels.walk(
        body,
        e -> found[0] |= e instanceof Expr.WarpShuffleXor,
        s -> found[0] |= s instanceof Stmt.InBlock);
    return found[0];
  }

  private Kernel kernel() {
    var b = new LoopBuilder();
    long[] first = new long[members.size() + 1];
    for (int i = 0; i < members.size(); i++) {
      first[i + 1] = Math.addExact(first[i], members.get(i).blocks());
    }
    long threadsX = members.stream().mapToLong(m -> m.extent(LoopKind.THREAD_X)).max().orElse(1);
    long threadsY = members.getFirst().extent(LoopKind.THREAD_Y);
    b.loop(
        LoopKind.GRID_X,
        "b",
        index(first[members.size()]),
        (grid, block) -> {
          Map<Buffer, Buffer> shared = shared(grid);
          if (threadsY == 1) {
            grid.loop(
                LoopKind.THREAD_X,
                "t",
                index(threadsX),
                (threads, t) ->
                    write(
                        new Place(first, block, t, index(0), shared), threads, 0, members.size()));
          } else {
            grid.loop(
                LoopKind.THREAD_Y,
                "w",
                index(threadsY),
                (rows, w) ->
                    rows.loop(
                        LoopKind.THREAD_X,
                        "t",
                        index(threadsX),
                        (threads, t) ->
                            write(
                                new Place(first, block, t, w, shared),
                                threads,
                                0,
                                members.size())));
          }
        });
    var origins = new LinkedHashSet<Origin>();
    members.forEach(m -> origins.addAll(m.kernel().origins()));
    String name = members.getFirst().kernel().name() + "_and_" + (members.size() - 1);
    return Kernels.make(name, b, origins);
  }

  /** Shared memory for all members: a block runs one of them. */
  private Map<Buffer, Buffer> shared(LoopBuilder b) {
    record Form(DType dtype, long size) {}
    var made = new HashMap<Form, List<Buffer>>();
    var of = new HashMap<Buffer, Buffer>();
    for (Member m : members) {
      var used = new HashMap<Form, Integer>();
      for (Buffer s : m.shared()) {
        var form = new Form(s.dtype(), s.size().constant());
        List<Buffer> alike = made.computeIfAbsent(form, _ -> new ArrayList<>());
        int n = used.merge(form, 1, Integer::sum);
        if (alike.size() < n) {
          alike.add(b.alloc("part", s.dtype(), s.lanes(), form.size(), Space.SHARED));
        }
        of.put(s, alike.get(n - 1));
      }
    }
    return of;
  }

  /**
   * Where the code goes.
   *
   * @param first the number of each member's first block
   */
  private record Place(
      long[] first, Expr block, Expr threadX, Expr threadY, Map<Buffer, Buffer> shared) {}

  /** The code of members {@code [from, to)}, found by bisection. */
  private void write(Place at, LoopBuilder b, int from, int to) {
    if (to - from > 1) {
      int middle = (from + to) / 2;
      b.whenElse(
          lt(at.block(), index(at.first()[middle])),
          then -> write(at, then, from, middle),
          otherwise -> write(at, otherwise, middle, to));
      return;
    }
    Member m = members.get(from);
    boolean spare =
        m.threads().equals("any")
            && members.stream()
                .anyMatch(o -> o.extent(LoopKind.THREAD_X) > m.extent(LoopKind.THREAD_X));
    if (spare) {
      b.when(
          lt(at.threadX(), index(m.extent(LoopKind.THREAD_X))),
          then -> write(at, then, m, at.first()[from]));
    } else {
      write(at, b, m, at.first()[from]);
    }
  }

  private static void write(Place at, LoopBuilder b, Member m, long first) {
    var renamer = new Renamer(b::fresh);
    m.shared().forEach(s -> renamer.substitute(s, Objects.requireNonNull(at.shared().get(s))));
    Expr number = b.let("b", sub(at.block(), index(first)));
    long wide = m.extent(LoopKind.GRID_X);
    boolean flat = m.extent(LoopKind.GRID_Y) == 1;
    substitute(renamer, m, LoopKind.GRID_X, flat ? number : b.let("x", rem(number, wide)));
    substitute(renamer, m, LoopKind.GRID_Y, flat ? index(0) : b.let("y", div(number, wide)));
    substitute(renamer, m, LoopKind.THREAD_X, at.threadX());
    substitute(renamer, m, LoopKind.THREAD_Y, at.threadY());
    m.lets().forEach(l -> b.emit(renamer.stmt(l)));
    Stmt body = renamer.stmt(m.body());
    List<Stmt> statements = body instanceof Stmt.Block block ? block.body() : List.of(body);
    statements.forEach(b::emit);
  }

  private static void substitute(Renamer renamer, Member m, LoopKind kind, Expr by) {
    Stmt.For f = m.loops().get(kind);
    if (f != null) {
      Var v = f.var();
      renamer.substitute(v, by);
    }
  }
}
