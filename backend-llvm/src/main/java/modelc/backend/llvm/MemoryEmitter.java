package modelc.backend.llvm;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.ir.DType;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Stmt;

/**
 * Writes the loads and stores of one kernel and knows where its buffers are. It computes no
 * addresses: {@link Addressing} does.
 *
 * <p>Gathers and scatters go lane by lane, which is quicker than the gather instructions of AVX2
 * machines; a lane that is masked off is sent to a dummy element, so that there are no branches.
 */
final class MemoryEmitter {
  private static final String ZERO = "@modelc.zero";

  /** Where a buffer is. */
  sealed interface Place {
    /**
     * Consecutive in memory.
     *
     * @param pointer the type of {@code base}
     */
    record Memory(String pointer, String base) implements Place {}

    /** One stack slot an element, all of which LLVM turns into registers. */
    record Registers(List<String> slots) implements Place {}

    /** Registers of the machine, of F32. */
    record Named(List<String> names) implements Place {}
  }

  private final FunctionText f;
  private final ExprEmitter expressions;
  private final Addressing addressing;
  private final KernelDialect dialect;
  private final Map<Buffer, Place> places = new HashMap<>();
  private Optional<String> sink = Optional.empty();

  MemoryEmitter(
      FunctionText f, ExprEmitter expressions, Addressing addressing, KernelDialect dialect) {
    this.dialect = dialect;
    this.f = f;
    this.expressions = expressions;
    this.addressing = addressing;
  }

  void place(Buffer buffer, Place place) {
    places.put(buffer, place);
  }

  String load(Expr.Load x) {
    Optional<String> mask = expressions.mask(x.mask());
    return switch (find(x.buffer())) {
      case Place.Registers r ->
          f.result(
              "load "
                  + LlvmTypes.value(x.dtype(), x.lanes())
                  + ", ptr "
                  + slot(r, x.buffer(), x.index()));
      case Place.Named n -> dialect.readRegister(f, element(n.names(), x.buffer(), x.index()));
      case Place.Memory m -> fromMemory(x.dtype(), x.lanes(), loadMemory(m, x, mask));
    };
  }

  void store(Stmt.Store s) {
    Optional<String> mask = expressions.mask(s.mask());
    String value = expressions.value(s.value());
    switch (find(s.buffer())) {
      case Place.Registers r ->
          f.line(
              "store "
                  + LlvmTypes.value(s.value().dtype(), s.value().lanes())
                  + " "
                  + value
                  + ", ptr "
                  + slot(r, s.buffer(), s.index()));
      case Place.Named n ->
          dialect.writeRegister(f, element(n.names(), s.buffer(), s.index()), value);
      case Place.Memory m ->
          storeMemory(m, s, toMemory(s.value().dtype(), s.value().lanes(), value), mask);
    }
  }

  void prefetch(Stmt.Prefetch p) {
    if (find(p.buffer()) instanceof Place.Memory m) {
      String address = address(m, p.buffer(), expressions.index(p.index()));
      f.voidIntrinsic("llvm.prefetch.p0", "ptr " + address, "i32 0", "i32 3", "i32 1");
    }
  }

  /** The address of an element of a buffer that is in memory, with its type. */
  String address(Buffer b, Expr index) {
    if (find(b) instanceof Place.Memory m) {
      return typedAddress(m, b, expressions.index(index));
    }
    throw new IllegalArgumentException("buffer " + b.name() + " is in registers");
  }

  /** The stack slot of an element of a register buffer. */
  String slot(Buffer b, Expr index) {
    if (find(b) instanceof Place.Registers r) {
      return slot(r, b, index);
    }
    throw new IllegalArgumentException("buffer " + b.name() + " is in memory");
  }

  /** The names of a register buffer's registers. */
  List<String> registers(Buffer b) {
    if (find(b) instanceof Place.Named n) {
      return n.names();
    }
    throw new IllegalArgumentException("buffer " + b.name() + " has no registers with names");
  }

  private String slot(Place.Registers r, Buffer b, Expr index) {
    return element(r.slots(), b, index);
  }

  private String element(List<String> slots, Buffer b, Expr index) {
    Linear i = expressions.index(index);
    if (!i.isConstant() || i.constant() < 0 || i.constant() >= b.size().constant()) {
      throw new IllegalArgumentException(
          "register buffer "
              + b.name()
              + " needs a constant index below "
              + b.size()
              + " once loops are unrolled");
    }
    return slots.get((int) i.constant());
  }

  private String loadMemory(Place.Memory m, Expr.Load x, Optional<String> mask) {
    Buffer b = x.buffer();
    if (x.index().lanes() == 1) {
      int align = dialect.alignment(b, x.lanes());
      return loadRun(m, b, expressions.index(x.index()), x.lanes(), mask, align);
    }
    Linear[] lanes = addressing.lanes(x.index(), expressions);
    if (consecutive(lanes, 1)) {
      return loadRun(m, b, lanes[0], x.lanes(), mask, b.dtype().bytes());
    }
    String scalar = LlvmTypes.memoryScalar(b.dtype());
    if (mask.isEmpty() && consecutive(lanes, 0)) {
      String one = loadRun(m, b, lanes[0], 1, mask, b.dtype().bytes());
      return splatMemory(b.dtype(), x.lanes(), one);
    }
    String t = LlvmTypes.memory(b.dtype(), x.lanes());
    String vector = "poison";
    for (int i = 0; i < lanes.length; i++) {
      String address = guarded(m, b, lanes[i], laneOf(mask, x.lanes(), i), ZERO);
      String lane = f.result("load " + scalar + ", ptr " + address + align(b));
      vector = insert(t, vector, scalar, lane, i);
    }
    return vector;
  }

  private String loadRun(
      Place.Memory m, Buffer b, Linear index, int lanes, Optional<String> mask, int align) {
    String t = LlvmTypes.memory(b.dtype(), lanes);
    if (mask.isEmpty()) {
      return f.result("load " + t + ", " + typedAddress(m, b, index) + ", align " + align);
    }
    if (lanes == 1 && dialect.branchesOnMasks()) {
      return loadIf(mask.get(), t, typedAddress(m, b, index) + align(b));
    }
    if (lanes == 1) {
      return f.result("load " + t + ", ptr " + guarded(m, b, index, mask, ZERO) + align(b));
    }
    return f.impureIntrinsic(
        t,
        "llvm.masked.load." + memorySuffix(b, lanes) + ".p0",
        "ptr " + address(m, b, index),
        "i32 " + b.dtype().bytes(),
        LlvmTypes.value(DType.BOOL, lanes) + " " + mask.get(),
        t + " zeroinitializer");
  }

  private void storeMemory(Place.Memory m, Stmt.Store s, String value, Optional<String> mask) {
    Buffer b = s.buffer();
    int lanes = s.value().lanes();
    if (s.index().lanes() == 1) {
      int align = dialect.alignment(b, lanes);
      storeRun(m, b, expressions.index(s.index()), lanes, value, mask, align);
      return;
    }
    Linear[] indices = addressing.lanes(s.index(), expressions);
    if (consecutive(indices, 1)) {
      storeRun(m, b, indices[0], lanes, value, mask, b.dtype().bytes());
      return;
    }
    String t = LlvmTypes.memory(b.dtype(), lanes);
    for (int i = 0; i < lanes; i++) {
      String lane = f.pure("extractelement " + t + " " + value + ", i64 " + i);
      Optional<String> on = laneOf(mask, lanes, i);
      String address = guarded(m, b, indices[i], on, on.isEmpty() ? "" : sink());
      f.line(
          "store "
              + LlvmTypes.memoryScalar(b.dtype())
              + " "
              + lane
              + ", ptr "
              + address
              + align(b));
    }
  }

  private void storeRun(
      Place.Memory m,
      Buffer b,
      Linear index,
      int lanes,
      String value,
      Optional<String> mask,
      int align) {
    String t = LlvmTypes.memory(b.dtype(), lanes);
    if (mask.isEmpty()) {
      f.line("store " + t + " " + value + ", " + typedAddress(m, b, index) + ", align " + align);
    } else if (lanes == 1 && dialect.branchesOnMasks()) {
      storeIf(mask.get(), t + " " + value + ", " + typedAddress(m, b, index) + align(b));
    } else if (lanes == 1) {
      f.line("store " + t + " " + value + ", ptr " + guarded(m, b, index, mask, sink()) + align(b));
    } else if (LlvmTypes.prefixOf(mask.get(), lanes).isPresent()) {
      storePrefix(m, b, index, lanes, value, LlvmTypes.prefixOf(mask.get(), lanes).getAsInt());
    } else {
      f.voidIntrinsic(
          "llvm.masked.store." + memorySuffix(b, lanes) + ".p0",
          t + " " + value,
          "ptr " + address(m, b, index),
          "i32 " + b.dtype().bytes(),
          LlvmTypes.value(DType.BOOL, lanes) + " " + mask.get());
    }
  }

  /**
   * The first {@code count} lanes, in pieces of powers of two: masked stores are slow on many
   * machines.
   */
  private void storePrefix(
      Place.Memory m, Buffer b, Linear index, int lanes, String value, int count) {
    String scalar = LlvmTypes.memoryScalar(b.dtype());
    String whole = LlvmTypes.memory(b.dtype(), lanes);
    int piece = Integer.highestOneBit(lanes);
    for (int first = 0; first < count; first += piece) {
      piece = Integer.highestOneBit(count - first);
      String address = address(m, b, index.plus(Linear.of(first)));
      String part =
          piece == 1
              ? f.pure("extractelement " + whole + " " + value + ", i64 " + first)
              : f.pure(
                  "shufflevector "
                      + whole
                      + " "
                      + value
                      + ", "
                      + whole
                      + " poison, "
                      + LlvmTypes.laneRange(first, piece));
      String t = piece == 1 ? scalar : LlvmTypes.memory(b.dtype(), piece);
      f.line("store " + t + " " + part + ", ptr " + address + align(b));
    }
  }

  /** An element where {@code condition} holds, and 0 elsewhere. */
  private String loadIf(String condition, String type, String place) {
    String from = f.block();
    String then = f.freshLabel("load");
    String join = f.freshLabel("loaded");
    f.branch(condition, then, join);
    f.startBlock(then);
    String x = f.result("load " + type + ", " + place);
    f.jump(join);
    f.startBlock(join);
    return f.result(
        "phi " + type + " [ " + x + ", %" + then + " ], [ zeroinitializer, %" + from + " ]");
  }

  private void storeIf(String condition, String what) {
    String then = f.freshLabel("store");
    String join = f.freshLabel("stored");
    f.branch(condition, then, join);
    f.startBlock(then);
    f.line("store " + what);
    f.jump(join);
    f.startBlock(join);
  }

  /** The address of an element, or where the mask is false that of a dummy. */
  private String guarded(
      Place.Memory m, Buffer b, Linear index, Optional<String> mask, String dummy) {
    String address = address(m, b, index);
    if (mask.isEmpty()) {
      return address;
    }
    if (dummy.equals(ZERO)) {
      f.module().declare(ZERO + " = internal constant i64 0, align 8");
    }
    return f.pure("select i1 " + mask.get() + ", ptr " + address + ", ptr " + dummy);
  }

  /** A stack slot for stores that must not happen. */
  private String sink() {
    if (sink.isEmpty()) {
      sink = Optional.of(f.slot("sink", "i64", 8));
    }
    return sink.get();
  }

  private Optional<String> laneOf(Optional<String> mask, int lanes, int lane) {
    return mask.map(
        m ->
            f.pure(
                "extractelement "
                    + LlvmTypes.value(DType.BOOL, lanes)
                    + " "
                    + m
                    + ", i64 "
                    + lane));
  }

  private String typedAddress(Place.Memory m, Buffer b, Linear index) {
    return m.pointer() + " " + address(m, b, index);
  }

  private String address(Place.Memory m, Buffer b, Linear index) {
    return addressing.address(m.pointer(), m.base(), LlvmTypes.memoryScalar(b.dtype()), index);
  }

  private String insert(String t, String vector, String scalar, String lane, int i) {
    return f.pure("insertelement " + t + " " + vector + ", " + scalar + " " + lane + ", i64 " + i);
  }

  private String splatMemory(DType dtype, int lanes, String x) {
    String t = LlvmTypes.memory(dtype, lanes);
    String first = insert(t, "poison", LlvmTypes.memoryScalar(dtype), x, 0);
    return f.pure(
        "shufflevector "
            + t
            + " "
            + first
            + ", "
            + t
            + " poison, <"
            + lanes
            + " x i32> zeroinitializer");
  }

  private String fromMemory(DType dtype, int lanes, String x) {
    String t = LlvmTypes.memory(dtype, lanes);
    return dtype == DType.BOOL
        ? f.pure("icmp ne " + t + " " + x + ", " + LlvmTypes.splat("i8", "0", lanes))
        : x;
  }

  private String toMemory(DType dtype, int lanes, String x) {
    if (dtype != DType.BOOL) {
      return x;
    }
    return f.pure(
        "zext "
            + LlvmTypes.value(dtype, lanes)
            + " "
            + x
            + " to "
            + LlvmTypes.memory(dtype, lanes));
  }

  private Place find(Buffer buffer) {
    Place place = places.get(buffer);
    if (place == null) {
      throw new IllegalArgumentException(
          "buffer " + buffer.name() + " is neither a parameter nor allocated here");
    }
    return place;
  }

  private static boolean consecutive(Linear[] lanes, long step) {
    for (int i = 1; i < lanes.length; i++) {
      if (!lanes[i].differsBy(lanes[i - 1], step)) {
        return false;
      }
    }
    return true;
  }

  private static String memorySuffix(Buffer b, int lanes) {
    return LlvmTypes.suffix(LlvmTypes.memoryScalar(b.dtype()), lanes);
  }

  private static String align(Buffer b) {
    return ", align " + b.dtype().bytes();
  }
}
