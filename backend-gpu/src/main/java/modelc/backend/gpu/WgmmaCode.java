package modelc.backend.gpu;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import modelc.backend.llvm.FunctionText;
import modelc.backend.llvm.KernelEmitter;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Stmt;
import modelc.ir.loop.WarpgroupTile;

/**
 * The products of a warpgroup as {@code wgmma.mma_async}, in assembly of our own: LLVM 20 has no
 * intrinsics for them. Their sums are registers that we name, since nothing may touch them while a
 * product is under way, not even a copy that a compiler finds useful.
 */
record WgmmaCode(KernelEmitter kernel) {
  private static final String TOUCHES_MEMORY = "~{memory}";

  /** Bytes of 8 rows with their 16 bytes each. */
  private static final long CORE_BYTES = 128;

  private static final int RUN_BYTES = 16;

  /** Declares the registers of sums. */
  static List<String> declare(FunctionText f, Buffer sums) {
    int n = (int) sums.size().constant();
    // The assembler does not understand names that end with a digit before the number.
    String name = sums.name() + "_";
    f.assembly(".reg .f32 " + name + "<" + n + ">;", "");
    return IntStream.range(0, n).mapToObj(i -> name + i).toList();
  }

  static String read(FunctionText f, String register) {
    return f.assemblyResult("float", "mov.f32 $0, " + register + ";", "=f");
  }

  static void write(FunctionText f, String register, String value) {
    f.assembly("mov.f32 " + register + ", $0;", "f", "float " + value);
  }

  void store(Stmt.StoreFactors s) {
    FunctionText f = kernel.text();
    String run = "poison";
    List<String> words = new MmaCode(kernel).rounded(s.factors(), s.values());
    for (int i = 0; i < words.size(); i++) {
      run = f.pure("insertelement <4 x i32> " + run + ", " + words.get(i) + ", i64 " + i);
    }
    String at = kernel.address(s.to(), s.index());
    f.line("store <4 x i32> " + run + ", " + at + ", align " + RUN_BYTES);
  }

  void fence() {
    kernel.text().assembly("fence.proxy.async.shared::cta;", TOUCHES_MEMORY);
  }

  /** Waits until at most so many products are under way. */
  void await(int pending) {
    kernel.text().assembly("wgmma.wait_group.sync.aligned " + pending + ";", TOUCHES_MEMORY);
  }

  /** One instruction for each few terms; together they are a group. */
  void multiply(Stmt.WarpgroupMma m) {
    FunctionText f = kernel.text();
    WarpgroupTile tile = WarpgroupTile.of(m.factors());
    List<String> all = kernel.registers(m.sums());
    int first = (int) kernel.index(m.first()).constant();
    List<String> sums = all.subList(first, first + WarpgroupTile.sums(m.columns()));
    String a = descriptor(m.a());
    String b = descriptor(m.b());
    f.assembly("wgmma.fence.sync.aligned;", TOUCHES_MEMORY);
    for (int term = 0; term < m.terms(); term += tile.depth()) {
      var operands = new ArrayList<String>();
      operands.add("i64 " + further(a, m.a(), term / tile.run()));
      operands.add("i64 " + further(b, m.b(), term / tile.run()));
      f.assembly(
          instruction(m, tile, sums), "l,l," + TOUCHES_MEMORY, operands.toArray(String[]::new));
    }
    f.assembly("wgmma.commit_group.sync.aligned;", TOUCHES_MEMORY);
  }

  private static String instruction(Stmt.WarpgroupMma m, WarpgroupTile tile, List<String> sums) {
    String transpositions = tile.perWord() == 1 ? "" : ", 0, 0";
    return "{ .reg .pred p; setp.eq.u32 p, 0, 0; wgmma.mma_async.sync.aligned.m64n"
        + m.columns()
        + "k"
        + tile.depth()
        + ".f32."
        + m.factors()
        + "."
        + m.factors()
        + " {"
        + String.join(", ", sums)
        + "}, $0, $1, p, 1, 1"
        + transpositions
        + "; }";
  }

  /**
   * Where a tile is and how it lies, as PTX's matrix descriptor says it: nothing swizzled, from one
   * run of terms to the next the rows of the tile, from 8 rows to the next 128 bytes.
   */
  private String descriptor(Stmt.WarpgroupMma.Tile t) {
    FunctionText f = kernel.text();
    String address = kernel.address(t.buffer(), t.first());
    String at = f.pure("ptrtoint " + address + " to i64");
    String start = f.pure("lshr i64 " + f.pure("and i64 " + at + ", 262143") + ", 4");
    return f.pure("or i64 " + start + ", " + ((CORE_BYTES >> 4) << 32 | (long) t.rows() << 16));
  }

  /** The descriptor of what is so many runs of terms further on. */
  private String further(String descriptor, Stmt.WarpgroupMma.Tile t, int runs) {
    return runs == 0
        ? descriptor
        : kernel.text().pure("add i64 " + descriptor + ", " + (long) runs * t.rows());
  }
}
