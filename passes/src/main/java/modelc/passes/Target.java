package modelc.passes;

/**
 * What the passes know about the CPU they compile for; it names no instruction set.
 *
 * @param vectorLanes f32 lanes of a vector register
 * @param vectorRegisters how many there are
 * @param l1Bytes data cache of one core
 * @param l2Bytes second-level cache of one core
 * @param l3Bytes last-level cache, shared
 */
public record Target(int vectorLanes, int vectorRegisters, long l1Bytes, long l2Bytes, long l3Bytes)
    implements Hardware {
  /** A common x86-64 machine with AVX2 and FMA. */
  public static final Target AVX2 = new Target(8, 16, 32 << 10, 512 << 10, 32 << 20);

  /** A common x86-64 machine with AVX-512, and vectors of half that length where they suffice. */
  public static final Target AVX512 = new Target(16, 32, 32 << 10, 2 << 20, 32 << 20);

  /** A common 64-bit ARM machine: vectors of four. */
  public static final Target NEON = new Target(4, 32, 64 << 10, 512 << 10, 8 << 20);

  /** WebAssembly's vectors of four, on a machine of which nothing is known. */
  public static final Target WASM = new Target(4, 16, 32 << 10, 256 << 10, 8 << 20);
}
