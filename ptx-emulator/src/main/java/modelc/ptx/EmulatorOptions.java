package modelc.ptx;

/**
 * How kernels are run.
 *
 * @param order in which blocks and warps take their turns
 * @param seed of random orders
 * @param races whether to look for races
 * @param stepLimit the most instructions that a warp may execute in a block
 * @param mostBlocks of a grid with more, only so many are run, the first and the last among them:
 *     what they do with their part of the results
 */
public record EmulatorOptions(
    Order order, long seed, boolean races, long stepLimit, int mostBlocks) {
  /** Checks everything, lowest numbers first. */
  public static final EmulatorOptions DEFAULT =
      new EmulatorOptions(Order.ASCENDING, 0, true, 50_000_000, Integer.MAX_VALUE);

  /** In which order blocks and warps take their turns. All are legal on a GPU. */
  public enum Order {
    /** The lowest number first, each warp until it has to wait. */
    ASCENDING,
    /** The highest number first, each warp until it has to wait. */
    DESCENDING,
    /** Warps take turns after every instruction. */
    ROUND_ROBIN,
    /** Blocks, and warps after a few instructions, by chance. */
    RANDOM
  }

  public EmulatorOptions withOrder(Order newOrder, long newSeed) {
    return new EmulatorOptions(newOrder, newSeed, races, stepLimit, mostBlocks);
  }

  public EmulatorOptions withRaces(boolean on) {
    return new EmulatorOptions(order, seed, on, stepLimit, mostBlocks);
  }

  public EmulatorOptions withStepLimit(long limit) {
    return new EmulatorOptions(order, seed, races, limit, mostBlocks);
  }

  /** Runs a part of large grids. */
  public EmulatorOptions withMostBlocks(int most) {
    return new EmulatorOptions(order, seed, races, stepLimit, most);
  }
}
