package modelc.passes.lower;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.Stmt;
import modelc.ir.tensor.Value;
import modelc.passes.Hardware;
import modelc.passes.fuse.Group;
import modelc.passes.layout.Layouts;

/**
 * One group being lowered: what every kind of lowering needs, and the kernels and scratch memory
 * made so far.
 *
 * <p>It makes no decisions.
 *
 * @param name of its first kernel; further ones get a number
 */
record Task(
    String name,
    Group group,
    Layouts layouts,
    Storage storage,
    Hardware hardware,
    List<Kernel> kernels,
    List<Buffer> scratch) {

  Task(String name, Group group, Layouts layouts, Storage storage, Hardware hardware) {
    this(name, group, layouts, storage, hardware, new ArrayList<>(), new ArrayList<>());
  }

  Pull pull(Scope scope) {
    return pull(scope, Optional.empty());
  }

  Pull pull(Scope scope, Optional<Expr> tail) {
    return new Pull(storage, group.members(), scope, tail);
  }

  void add(LoopBuilder b) {
    String numbered = kernels.isEmpty() ? name : name + "_" + (kernels.size() + 1);
    kernels.add(Kernels.make(numbered, b, group.origins()));
  }

  Buffer scratch(DType dtype, Dim size) {
    Buffer b = Buffer.global(name + "_s" + scratch.size(), dtype, size);
    scratch.add(b);
    return b;
  }

  /** The memory of a value the group stores. */
  Storage.Stored stored(Value v) {
    return Objects.requireNonNull(storage.get(v), "no memory for a stored value");
  }

  /** Axes of {@code shape}, all kept. */
  static List<Runs.Axis> kept(Shape shape) {
    return shape.dims().stream().map(d -> new Runs.Axis(d, true)).toList();
  }

  static boolean isEmpty(Shape shape) {
    return shape.dims().stream().anyMatch(d -> d.factor() == 0);
  }

  /**
   * A kernel that runs {@code body} for every index of {@code shape}, in {@code order}, as vectors
   * where that pays.
   */
  void elementwise(Shape shape, List<Integer> order, Runs.Trial body) {
    if (isEmpty(shape)) {
      return;
    }
    List<Runs.Axis> axes = kept(shape);
    Runs runs = Runs.find(axes, order, body);
    var b = new LoopBuilder();
    Elementwise.write(b, axes, runs.of(), hardware, body);
    add(b);
  }

  /** Computes the group's stored values at {@code index} of {@code shape}, then stores them all. */
  void finish(Scope scope, Pull pull, Shape shape, List<Index> index) {
    finish(scope, pull, shape, index, 1, Optional.empty());
  }

  /** As above, for {@code lanes} elements at once, of which those in {@code mask} exist. */
  void finish(
      Scope scope, Pull pull, Shape shape, List<Index> index, int lanes, Optional<Expr> mask) {
    var stores = new ArrayList<Stmt>();
    for (Value v : group.stored()) {
      List<Index> at =
          v.type().shape().equals(shape) ? index : Index.reshaped(v.type().shape(), shape, index);
      Storage.Stored s = stored(v);
      Expr e = LoopBuilder.splat(pull.value(v, at), lanes);
      Expr address = scope.emit(Pull.address(s, at));
      boolean contiguous =
          address instanceof Expr.Ramp r && r.stride() instanceof Expr.Const c && c.value() == 1;
      Expr place = contiguous ? ((Expr.Ramp) address).base() : address;
      stores.add(new Stmt.Store(s.buffer(), place, e, mask));
    }
    stores.forEach(scope.here()::emit);
  }
}
