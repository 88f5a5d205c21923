package modelc.ptx;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/**
 * The {@code wgmma} products of a warp that are under way, and the order of its accesses to their
 * registers. A product is computed when it is issued; until the warp has waited for it nobody may
 * touch its sums, its factors in registers, or write what it reads of shared memory.
 */
final class AsyncProducts {
  /** Rows of 16 bytes of shared memory that a product reads, and registers that it uses. */
  private record Product(int[] rows, int[] sums, int[] factors) {}

  private static final int ROW = 16;

  private final Warp warp;
  private final List<Product> open = new ArrayList<>();
  private final Deque<List<Product>> groups = new ArrayDeque<>();

  /** Products under way by register: as sums, and as factors. */
  private final int[] asSums;

  private final int[] asFactors;

  /** Of a register, {@link #fences} when it was last touched otherwise than by products. */
  private final int[] touched;

  /** Of sums, {@link #fences} at their last product, and how many columns that had. */
  private final int[] multiplied;

  private final int[] columns;
  private int fences;

  AsyncProducts(Warp warp) {
    this.warp = warp;
    int registers = warp.block.program.registers();
    asSums = new int[registers];
    asFactors = new int[registers];
    touched = new int[registers];
    multiplied = new int[registers];
    columns = new int[registers];
  }

  void clear() {
    open.clear();
    groups.clear();
    for (int[] a : List.of(asSums, asFactors, touched, multiplied, columns)) {
      Arrays.fill(a, 0);
    }
    fences = 0;
  }

  /** An instruction that is no product accesses registers. */
  void touch(Inst i, int mask) {
    for (int register : i.touches()) {
      if (asSums[register] + asFactors[register] > 0) {
        throw warp.fault(
            PtxFault.Kind.UNFINISHED_PRODUCT,
            Integer.numberOfTrailingZeros(mask),
            "accesses register "
                + warp.block.registerName(register)
                + " of a wgmma that has not been waited for");
      }
      touched[register] = fences;
    }
  }

  /** {@code wgmma.fence}. */
  void fence() {
    fences++;
  }

  /**
   * A product is issued.
   *
   * @param sums where the lanes of its registers begin
   * @param factors the same; empty where both are in shared memory
   * @param n columns of the sums
   */
  void issue(int[] rows, int[] sums, int[] factors, int n) {
    for (int s : sums) {
      int register = s >> 5;
      boolean otherShape = multiplied[register] == fences && columns[register] != n;
      if (asFactors[register] > 0 || asSums[register] > 0 && columns[register] != n) {
        throw underWay(register);
      }
      if (touched[register] == fences || otherShape) {
        throw missing(register);
      }
    }
    for (int f : factors) {
      if (asSums[f >> 5] > 0) {
        throw underWay(f >> 5);
      }
      if (touched[f >> 5] == fences || multiplied[f >> 5] == fences) {
        throw missing(f >> 5);
      }
    }
    for (int s : sums) {
      asSums[s >> 5]++;
      multiplied[s >> 5] = fences;
      columns[s >> 5] = n;
    }
    for (int f : factors) {
      asFactors[f >> 5]++;
    }
    open.add(new Product(rows, sums, factors));
  }

  private PtxFault underWay(int register) {
    return warp.fault(
        PtxFault.Kind.UNFINISHED_PRODUCT,
        0,
        "uses register "
            + warp.block.registerName(register)
            + " of another wgmma that has not been waited for");
  }

  private PtxFault missing(int register) {
    return warp.fault(
        PtxFault.Kind.MISSING_FENCE,
        0,
        "uses register "
            + warp.block.registerName(register)
            + ", and there was no wgmma.fence since the last other access to it");
  }

  /** Makes the products since the last group a group. */
  void commit() {
    groups.add(new ArrayList<>(open));
    open.clear();
  }

  /** Waits until at most {@code pending} groups are under way. */
  void await(int pending) {
    while (groups.size() > pending) {
      groups.removeFirst().forEach(this::end);
    }
    warp.advance();
  }

  private void end(Product p) {
    AsyncProxy proxy = warp.block.proxy;
    for (int row : p.rows) {
      if (proxy != null) {
        proxy.endRead(row, ROW);
      }
      // From now on others may write there, if something orders that after this wait.
      warp.block.memory.readByProduct(warp, row, ROW);
    }
    for (int s : p.sums) {
      asSums[s >> 5]--;
    }
    for (int f : p.factors) {
      asFactors[f >> 5]--;
    }
  }
}
