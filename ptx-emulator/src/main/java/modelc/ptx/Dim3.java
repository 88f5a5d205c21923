package modelc.ptx;

/** The size of a grid or a block, or a place in one. */
public record Dim3(int x, int y, int z) {

  public static Dim3 of(int x) {
    return new Dim3(x, 1, 1);
  }

  public static Dim3 of(int x, int y) {
    return new Dim3(x, y, 1);
  }

  public static Dim3 of(int x, int y, int z) {
    return new Dim3(x, y, z);
  }

  /** How many places it has. */
  public long count() {
    return (long) x * y * z;
  }

  /** The place with this number, x fastest. */
  Dim3 place(long number) {
    return new Dim3((int) (number % x), (int) (number / x % y), (int) (number / x / y));
  }

  @Override
  public String toString() {
    return "(" + x + ", " + y + ", " + z + ")";
  }
}
