package modelc.ir.loop;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import modelc.ir.Symbol;
import modelc.ir.loop.Code.DoubleCode;
import modelc.ir.loop.Code.DoubleVectorCode;
import modelc.ir.loop.Code.LongCode;
import modelc.ir.loop.Code.LongVectorCode;
import modelc.ir.loop.Code.StmtCode;

/**
 * Compiles the statements of one kernel to closures. The kernel has passed {@link LoopVerifier}.
 */
final class StmtCompiler {
  private static final Set<LoopKind> GRID =
      EnumSet.of(LoopKind.GRID_X, LoopKind.GRID_Y, LoopKind.GRID_Z);
  private static final Set<LoopKind> THREAD = EnumSet.of(LoopKind.THREAD_X, LoopKind.THREAD_Y);

  private final Slots slots;
  private final boolean hasParallel;

  /**
   * Inside the PARALLEL loop or the threads of a block: locals belong to one iteration or thread.
   */
  private boolean perThread;

  private boolean inThreads;

  private StmtCompiler(Kernel kernel, Slots slots) {
    this.slots = slots;
    hasParallel = LoopVerifier.hasLoop(kernel.body(), EnumSet.of(LoopKind.PARALLEL));
  }

  /** A kernel ready to run for one set of sizes. */
  record Compiled(Slots slots, StmtCode body) {}

  static Compiled compile(Kernel kernel, ToLongFunction<Symbol> symbols) {
    var slots = new Slots(kernel, symbols);
    StmtCode body = new StmtCompiler(kernel, slots).stmt(kernel.body());
    return new Compiled(slots, body);
  }

  private StmtCode stmt(Stmt s) {
    return switch (s) {
      case Stmt.Block b -> {
        StmtCode[] body = b.body().stream().map(this::stmt).toArray(StmtCode[]::new);
        yield body.length == 1
            ? body[0]
            : f -> {
              for (StmtCode x : body) {
                x.run(f);
              }
            };
      }
      case Stmt.For l -> loop(l);
      case Stmt.Let l -> let(l);
      case Stmt.Store st -> store(st);
      case Stmt.Alloc a -> alloc(a.buffer());
      case Stmt.If i -> {
        LongCode condition = scalars(s).longs(i.condition());
        StmtCode then = stmt(i.then());
        Optional<StmtCode> otherwise = i.otherwise().map(this::stmt);
        StmtCode orElse = otherwise.orElse(_ -> {});
        yield f -> {
          if (condition.at(f) != 0) {
            then.run(f);
          } else {
            orElse.run(f);
          }
        };
      }
      case Stmt.Barrier _ -> {
        Site site = slots.site(s);
        yield f -> ThreadBlock.of(f).barrier(f, site);
      }
      case Stmt.Copy c -> copy(c);
      case Stmt.WarpMma m -> mma(m);
      case Stmt.StoreFactors x -> storeFactors(x);
      case Stmt.FenceFactors _ ->
          f -> {
            f.factors.commit();
            f.factors.await(f, 0);
          };
      case Stmt.WarpgroupMma m -> warpgroupMma(m);
      case Stmt.AwaitProducts a -> f -> f.products.await(f, a.pending());
      case Stmt.CommitCopies _ -> f -> f.copies.commit();
      case Stmt.AwaitCopies a -> f -> f.copies.await(f, a.pending());
      // It may be out of bounds, so that there is nothing to check.
      case Stmt.Prefetch _ -> _ -> {};
    };
  }

  private ScalarCompiler scalars(Stmt s) {
    return new ScalarCompiler(slots, slots.site(s));
  }

  private VectorCompiler vectors(Stmt s) {
    return new VectorCompiler(slots, slots.site(s));
  }

  private StmtCode let(Stmt.Let l) {
    boolean isFloat = l.var().dtype().isFloat();
    if (l.var().lanes() == 1) {
      if (isFloat) {
        DoubleCode value = scalars(l).doubles(l.value());
        int slot = slots.bind(l.var());
        return f -> f.doubles[slot] = value.at(f);
      }
      LongCode value = scalars(l).longs(l.value());
      int slot = slots.bind(l.var());
      return f -> f.longs[slot] = value.at(f);
    }
    int lanes = l.var().lanes();
    if (isFloat) {
      DoubleVectorCode value = vectors(l).doubles(l.value());
      int slot = slots.bind(l.var());
      return f -> System.arraycopy(value.at(f), 0, f.doubleVectors[slot], 0, lanes);
    }
    LongVectorCode value = vectors(l).longs(l.value());
    int slot = slots.bind(l.var());
    return f -> System.arraycopy(value.at(f), 0, f.longVectors[slot], 0, lanes);
  }

  private StmtCode store(Stmt.Store s) {
    Site site = slots.site(s);
    int b = slots.slot(s.buffer());
    int lanes = s.value().lanes();
    boolean isFloat = s.buffer().dtype().isFloat();
    if (lanes == 1) {
      LongCode index = scalars(s).longs(s.index());
      LongCode on = s.mask().isPresent() ? scalars(s).longs(s.mask().get()) : _ -> 1;
      if (isFloat) {
        DoubleCode value = scalars(s).doubles(s.value());
        return f -> {
          if (on.at(f) != 0) {
            double x = value.at(f);
            f.views[b].writeDouble(f, index.at(f), x, site);
          }
        };
      }
      LongCode value = scalars(s).longs(s.value());
      return f -> {
        if (on.at(f) != 0) {
          long x = value.at(f);
          f.views[b].writeLong(f, index.at(f), x, site);
        }
      };
    }
    VectorCompiler vectors = vectors(s);
    LongVectorCode places = vectors.places(s.buffer(), s.index(), lanes);
    LongVectorCode mask = vectors.mask(s.mask(), lanes);
    if (isFloat) {
      DoubleVectorCode value = vectors.doubles(s.value());
      return f -> {
        double[] x = value.at(f);
        long[] index = places.at(f);
        long[] on = mask.at(f);
        for (int i = 0; i < lanes; i++) {
          if (on[i] != 0) {
            f.views[b].writeDouble(f, index[i], x[i], site);
          }
        }
      };
    }
    LongVectorCode value = vectors.longs(s.value());
    return f -> {
      long[] x = value.at(f);
      long[] index = places.at(f);
      long[] on = mask.at(f);
      for (int i = 0; i < lanes; i++) {
        if (on[i] != 0) {
          f.views[b].writeLong(f, index[i], x[i], site);
        }
      }
    };
  }

  private StmtCode copy(Stmt.Copy c) {
    Site site = slots.site(c);
    int to = slots.slot(c.to());
    int from = slots.slot(c.from());
    LongCode toIndex = scalars(c).longs(c.toIndex());
    LongCode fromIndex = scalars(c).longs(c.fromIndex());
    LongCode exists = c.exists().map(e -> scalars(c).longs(e)).orElse(_ -> 1);
    int lanes = c.lanes();
    return f -> {
      long target = toIndex.at(f);
      boolean some = exists.at(f) != 0;
      long source = some ? fromIndex.at(f) : 0;
      site.aligned(f, target, lanes);
      site.aligned(f, source, lanes);
      for (int i = 0; i < lanes; i++) {
        // Bits are copied, so that every type of an element goes the same way.
        long bits = some ? f.views[from].readBits(f, source + i, site) : 0;
        f.copies.begin(f, f.views[to], target + i, bits, site);
      }
    };
  }

  private StmtCode mma(Stmt.WarpMma m) {
    Site site = slots.site(m);
    DoubleCode[] factors =
        Stream.concat(m.a().stream(), m.b().stream())
            .map(e -> scalars(m).doubles(e))
            .toArray(DoubleCode[]::new);
    int sums = slots.slot(m.sums());
    LongCode first = scalars(m).longs(m.first());
    var product = new WarpProduct(m.factors());
    return f -> {
      var given = new long[factors.length + WarpTile.SUMS];
      for (int i = 0; i < factors.length; i++) {
        given[i] = Double.doubleToRawLongBits(factors[i].at(f));
      }
      long at = first.at(f);
      for (int i = 0; i < WarpTile.SUMS; i++) {
        double sum = f.views[sums].readDouble(f, at + i, site);
        given[factors.length + i] = Double.doubleToRawLongBits(sum);
      }
      long[] got = ThreadBlock.of(f).together(f, given, product, site);
      for (int i = 0; i < WarpTile.SUMS; i++) {
        f.views[sums].writeDouble(f, at + i, Double.longBitsToDouble(got[i]), site);
      }
    };
  }

  private StmtCode storeFactors(Stmt.StoreFactors s) {
    Site site = slots.site(s);
    DoubleCode[] values =
        s.values().stream().map(e -> scalars(s).doubles(e)).toArray(DoubleCode[]::new);
    int to = slots.slot(s.to());
    LongCode index = scalars(s).longs(s.index());
    WarpgroupTile tile = WarpgroupTile.of(s.factors());
    return f -> {
      long first = index.at(f);
      site.aligned(f, first, WarpgroupTile.WORDS);
      var factors = new ArrayList<Float>();
      for (DoubleCode v : values) {
        factors.add((float) v.at(f));
      }
      for (int i = 0; i < WarpgroupTile.WORDS; i++) {
        List<Float> some = factors.subList(i * tile.perWord(), (i + 1) * tile.perWord());
        f.factors.begin(f, f.views[to], first + i, tile.pack(some), site);
      }
    };
  }

  private StmtCode warpgroupMma(Stmt.WarpgroupMma m) {
    Site site = slots.site(m);
    LongCode a = scalars(m).longs(m.a().first());
    LongCode b = scalars(m).longs(m.b().first());
    LongCode first = scalars(m).longs(m.first());
    int viewA = slots.slot(m.a().buffer());
    int viewB = slots.slot(m.b().buffer());
    int sums = slots.slot(m.sums());
    return f -> {
      ThreadBlock.of(f).together(f, site);
      f.products.begin(
          f,
          m,
          new AsyncProducts.Tile(f.views[viewA], a.at(f), m.a().rows()),
          new AsyncProducts.Tile(f.views[viewB], b.at(f), m.b().rows()),
          f.views[sums],
          first.at(f),
          site);
    };
  }

  private StmtCode alloc(Buffer b) {
    int slot = slots.bind(b);
    View.Tracking tracking =
        b.space() == Space.SHARED
            ? View.Tracking.ALL
            : hasParallel && !perThread ? View.Tracking.READS : View.Tracking.NONE;
    return f -> f.views[slot] = View.local(b, tracking);
  }

  private StmtCode loop(Stmt.For l) {
    LongCode lower = scalars(l).longs(l.lower());
    LongCode upper = scalars(l).longs(l.upper());
    int slot = slots.bind(l.var());
    slots.enter(l.var());
    boolean wasPerThread = perThread;
    boolean wasInThreads = inThreads;
    perThread |= l.kind() == LoopKind.PARALLEL || THREAD.contains(l.kind());
    inThreads |= THREAD.contains(l.kind());
    StmtCode body = stmt(l.body());
    perThread = wasPerThread;
    inThreads = wasInThreads;
    slots.leave();
    long step = l.step();
    return switch (l.kind()) {
      case SERIAL, UNROLL, VECTOR ->
          f -> {
            long end = upper.at(f);
            for (long i = lower.at(f); i < end; i += step) {
              f.longs[slot] = i;
              body.run(f);
            }
          };
      case PARALLEL ->
          f -> {
            long from = lower.at(f);
            long end = upper.at(f);
            int outside = f.me;
            f.me = f.races.beginParallel(Math.ceilDiv(end - from, step), "%" + l.var().name());
            for (long i = from; i < end; i += step) {
              f.longs[slot] = i;
              body.run(f);
              f.me += 2;
            }
            f.me = outside;
          };
      case GRID_X, GRID_Y, GRID_Z -> {
        boolean innermost = !LoopVerifier.hasLoop(l.body(), GRID);
        yield f -> {
          long end = upper.at(f);
          for (long i = 0; i < end; i++) {
            f.longs[slot] = i;
            if (innermost) {
              f.races.beginBlock();
            }
            body.run(f);
          }
        };
      }
      case THREAD_X, THREAD_Y -> inThreads ? inner(l, slot, body) : threads(l, slot, body);
    };
  }

  /** The inner of two thread loops: the outer one has chosen the thread already. */
  private static StmtCode inner(Stmt.For l, int slot, StmtCode body) {
    boolean isX = l.kind() == LoopKind.THREAD_X;
    return f -> {
      f.longs[slot] = isX ? f.threadX : f.threadY;
      body.run(f);
    };
  }

  private static StmtCode threads(Stmt.For l, int slot, StmtCode body) {
    boolean isX = l.kind() == LoopKind.THREAD_X;
    int outer = threadCount(l);
    int inner = innerCount(l.body());
    int width = isX ? outer : inner;
    ThreadBlock.Body thread =
        (f, t) -> {
          f.threadX = t % width;
          f.threadY = t / width;
          f.longs[slot] = isX ? f.threadX : f.threadY;
          body.run(f);
        };
    return f -> new ThreadBlock(outer * inner).run(f, thread);
  }

  private static int threadCount(Stmt.For l) {
    return l.upper() instanceof Expr.Const c ? (int) c.value() : 1;
  }

  private static int innerCount(Stmt s) {
    return switch (s) {
      case Stmt.Block b ->
          b.body().stream().mapToInt(StmtCompiler::innerCount).reduce(1, (x, y) -> x * y);
      case Stmt.For l when THREAD.contains(l.kind()) -> threadCount(l);
      case Stmt.For l -> innerCount(l.body());
      case Stmt.If i ->
          innerCount(i.then()) * i.otherwise().map(StmtCompiler::innerCount).orElse(1);
      case Stmt.Let _, Stmt.Store _, Stmt.Alloc _, Stmt.InBlock _, Stmt.Prefetch _ -> 1;
    };
  }
}
