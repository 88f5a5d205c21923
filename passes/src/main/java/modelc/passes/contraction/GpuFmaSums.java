package modelc.passes.contraction;

import static modelc.ir.loop.LoopBuilder.add;
import static modelc.ir.loop.LoopBuilder.fma;
import static modelc.ir.loop.LoopBuilder.index;
import static modelc.ir.loop.LoopBuilder.load;
import static modelc.ir.loop.LoopBuilder.mul;

import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.LoopKind;
import org.jspecify.annotations.Nullable;

/**
 * Sums in float32, by fused multiply-adds: the threads of a block are a square, each of which has
 * as many rows and columns.
 */
record GpuFmaSums(GpuTiles tiles, GpuStages stages, Buffer shared, Expr y, Expr x)
    implements GpuSums {
  /** Elements that are read from shared memory at once: 16 bytes. */
  private static final int AT_ONCE = 4;

  @Override
  public long count() {
    return tiles.perThreadM() * tiles.perThreadN();
  }

  @Override
  public void addProducts(LoopBuilder b, Expr k, Expr stage, Buffer sums) {
    b.loop(
        LoopKind.SERIAL,
        "d",
        index(0),
        index(GpuTiles.DEPTH),
        AT_ONCE,
        (d, term) -> addSome(d, stage, term, sums));
  }

  private void addSome(LoopBuilder d, Expr stage, Expr term, Buffer sums) {
    int m = (int) tiles.perThreadM();
    int n = (int) tiles.perThreadN();
    var rows = new Values(d, stages.a(), y, m, stage, term);
    var columns = new Values(d, stages.b(), x, n, stage, term);
    // In the order in which rows are read, so that few of them are in registers at a time.
    boolean rowByRow = stages.a().factor().alongTerms();
    for (int p = 0; p < m * AT_ONCE; p++) {
      int i = rowByRow ? p / AT_ONCE : p % m;
      int t = rowByRow ? p % AT_ONCE : p / m;
      for (int j = 0; j < n; j++) {
        Expr at = index((long) i * n + j);
        d.store(sums, at, fma(rows.at(t, i), columns.at(t, j), load(sums, at)));
      }
    }
  }

  @Override
  public void each(LoopBuilder b, Sum body) {
    for (long i = 0; i < count(); i++) {
      Expr row = row(stages.a(), y, tiles.perThreadM(), i / tiles.perThreadN());
      Expr column = row(stages.b(), x, tiles.perThreadN(), i % tiles.perThreadN());
      body.write(b, i, row, column);
    }
  }

  @Override
  public boolean finishesItsOwn() {
    boolean rowsApart = stages.a().factor().alongTerms() || tiles.perThreadM() == 1;
    return tiles.perThreadN() == 1 && rowsApart;
  }

  /**
   * The {@code j}-th row or column of a thread: neighbours where those lie side by side in the
   * tile, a block's breadth apart otherwise, which keeps the threads' reads in different banks.
   */
  private static Expr row(GpuStages.Tile tile, Expr thread, long perThread, long j) {
    return tile.factor().alongTerms()
        ? add(thread, index(j * GpuTiles.SIDE))
        : add(mul(thread, index(perThread)), index(j));
  }

  /** What a thread multiplies of a tile, from {@code term} on; read when it is used first. */
  private final class Values {
    private final LoopBuilder d;
    private final GpuStages.Tile tile;
    private final Expr thread;
    private final Expr stage;
    private final Expr term;

    /** By term, then by row or column. */
    private final @Nullable Expr[][] known;

    Values(LoopBuilder d, GpuStages.Tile tile, Expr thread, int perThread, Expr stage, Expr term) {
      this.d = d;
      this.tile = tile;
      this.thread = thread;
      this.stage = stage;
      this.term = term;
      known = new Expr[AT_ONCE][perThread];
    }

    Expr at(int t, int j) {
      Expr value = known[t][j];
      return value != null ? value : read(t, j);
    }

    /** Reads the value with its neighbours. */
    private Expr read(int t, int j) {
      boolean along = tile.factor().alongTerms();
      int perThread = known[t].length;
      int lanes = along ? AT_ONCE : Math.min(AT_ONCE, perThread);
      int first = (along ? t : j) / lanes * lanes;
      Expr row = row(tile, thread, perThread, along ? j : first);
      Expr at = tile.at(stage, row, add(term, index(along ? first : t)));
      Expr run = d.let("v", load(shared, at, lanes));
      for (int l = 0; l < lanes; l++) {
        Expr value = lanes == 1 ? run : new Expr.Lane(run, l);
        if (along) {
          known[first + l][j] = value;
        } else {
          known[t][first + l] = value;
        }
      }
      return at(t, j);
    }
  }
}
