package modelc.ir;

/**
 * The counter-based random generator Threefry-2x32 with 20 rounds: Salmon, Moraes, Dror, Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3", SC'11. Every stage draws its random bits by it, so
 * a seed means the same everywhere.
 *
 * <p>It makes bits; distributions are made of them in the language's library.
 */
public final class Threefry {
  private static final int[] ROTATIONS = {13, 15, 26, 6, 17, 29, 16, 24};
  private static final int ROUNDS = 20;

  /** Skein's key schedule parity. */
  private static final int PARITY = 0x1BD11BDA;

  private Threefry() {}

  /**
   * The two words for a key and a counter: word 0 in the low half of the result, word 1 in the
   * high.
   */
  public static long block(int key0, int key1, int counter0, int counter1) {
    int[] key = {key0, key1, PARITY ^ key0 ^ key1};
    int x0 = counter0 + key0;
    int x1 = counter1 + key1;
    for (int round = 0; round < ROUNDS; round++) {
      x0 += x1;
      x1 = Integer.rotateLeft(x1, ROTATIONS[round % 8]) ^ x0;
      if (round % 4 == 3) {
        int injection = round / 4 + 1;
        x0 += key[injection % 3];
        x1 += key[(injection + 1) % 3] + injection;
      }
    }
    return (x0 & 0xFFFFFFFFL) | ((long) x1 << 32);
  }

  /** Element {@code index} of the stream of a key: word 0 at that counter. */
  public static int bits(int key0, int key1, long index) {
    return (int) block(key0, key1, (int) index, (int) (index >>> 32));
  }
}
