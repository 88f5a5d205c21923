package modelc.passes.lower;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopBuilder;
import modelc.ir.loop.Var;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.passes.contraction.Contraction;
import modelc.passes.contraction.Epilogue;
import modelc.passes.contraction.Lowered;
import modelc.passes.contraction.Matmul;
import modelc.passes.contraction.Operand;
import modelc.passes.layout.ConvForm;
import modelc.passes.layout.Layout;
import modelc.passes.layout.ProductForm;
import modelc.passes.layout.Views;

/**
 * Hands contractions that have kernels of their own to {@link Contraction}, with the rest of their
 * group as the epilogue.
 *
 * <p>It writes no loops; where operands do not lie as the kernels want them it declines.
 */
final class Kerneled {
  private Kerneled() {}

  /** True when it was lowered. */
  static boolean lower(Task task) {
    Value lead = task.group().lead();
    if (Task.isEmpty(lead.type().shape())) {
      return true;
    }
    Optional<Lowered> lowered =
        switch (lead.op()) {
          case Op.DotGeneral o -> product(task, lead, o);
          case Op.Convolution _ -> ConvForm.of(lead).flatMap(f -> convolution(task, lead, f));
          default -> throw new IllegalStateException("not a contraction: " + lead);
        };
    lowered.ifPresent(
        l -> {
          l.kernels()
              .forEach(k -> task.kernels().add(Kernels.withOrigins(k, task.group().origins())));
          task.scratch().addAll(l.scratch());
        });
    return lowered.isPresent();
  }

  private static Optional<Lowered> product(Task task, Value lead, Op.DotGeneral o) {
    Optional<Storage.Stored> x = task.storage().view(o.x());
    Optional<Storage.Stored> y = task.storage().view(o.y());
    if (x.isEmpty() || y.isEmpty()) {
      return Optional.empty();
    }
    return ProductForm.of(lead, o, x.get().strides(), y.get().strides())
        .map(
            f -> {
              var xs =
                  new Operand(
                      x.get().buffer(),
                      f.x().batch().stride(),
                      f.x().free().stride(),
                      f.x().contract().stride());
              var ys =
                  new Operand(
                      y.get().buffer(),
                      f.y().batch().stride(),
                      f.y().contract().stride(),
                      f.y().free().stride());
              Dim m = f.x().free().size();
              Dim n = f.y().free().size();
              var product = new Matmul(f.x().batch().size(), m, n, f.x().contract().size(), xs, ys);
              int batch = o.xBatch().size();
              int rows = ProductForm.free(o.x(), o.xBatch(), o.xContract()).size();
              Shape shape = lead.type().shape();
              UnaryOperator<List<Index>> logical =
                  at -> {
                    var index = new Index[shape.rank()];
                    split(shape, 0, batch, at.get(0), index);
                    split(shape, batch, batch + rows, at.get(1), index);
                    split(shape, batch + rows, shape.rank(), at.get(2), index);
                    return Arrays.asList(index);
                  };
              var epilogue = new GroupEpilogue(task, List.of(product.batch(), m, n), logical);
              return Contraction.matmul(task.name(), product, epilogue, task.hardware());
            });
  }

  /** The indices of axes {@code [from, to)} of which {@code linear} is the row-major index. */
  private static void split(Shape shape, int from, int to, Index linear, Index[] index) {
    for (int i = to - 1; i >= from; i--) {
      index[i] = i == from ? linear : linear.remainder(shape.dim(i));
      linear = linear.quotient(shape.dim(i));
    }
  }

  private static Optional<Lowered> convolution(Task task, Value lead, ConvForm f) {
    int rank = lead.type().rank();
    Optional<Buffer> x = memory(task, f.activation(), ConvForm.channelsLast(rank));
    Optional<Buffer> other = memory(task, f.other(), f.otherLayout(rank));
    if (x.isEmpty() || other.isEmpty()) {
      return Optional.empty();
    }
    Shape s = lead.type().shape();
    boolean weights = f.kind() == ConvForm.Kind.WEIGHT_GRADIENT;
    Dim height = rank == 4 ? s.dim(2) : Dim.ONE;
    Dim width = s.dim(rank - 1);
    UnaryOperator<List<Index>> logical =
        at -> {
          var index =
              new ArrayList<>(weights ? at : List.of(at.get(0), at.get(3), at.get(1), at.get(2)));
          if (rank == 3) {
            index.remove(2);
          }
          return index;
        };
    List<Dim> extents =
        weights
            ? List.of(s.dim(0), s.dim(1), height, width)
            : List.of(s.dim(0), height, width, s.dim(1));
    var e = new GroupEpilogue(task, extents, logical);
    String name = task.name();
    return Optional.of(
        switch (f.kind()) {
          case FORWARD ->
              Contraction.convForward(name, f.shape(), x.get(), other.get(), e, task.hardware());
          case INPUT_GRADIENT ->
              Contraction.convInputGradient(
                  name,
                  f.shape(),
                  x.get(),
                  f.shape().oh(),
                  f.shape().ow(),
                  f.offsetH(),
                  f.offsetW(),
                  other.get(),
                  e,
                  task.hardware());
          case WEIGHT_GRADIENT ->
              Contraction.convWeightGradient(
                  name, f.shape(), x.get(), other.get(), e, task.hardware());
        });
  }

  /** The buffer in which {@code v} lies in {@code layout}, from its first element on. */
  private static Optional<Buffer> memory(Task task, Value v, Layout layout) {
    return task.storage()
        .view(v)
        .filter(s -> Views.same(v, s.strides(), layout.strides(v.type().shape())))
        .map(Storage.Stored::buffer);
  }

  /** Computes and stores what the group makes of a contraction's elements. */
  private record GroupEpilogue(Task task, List<Dim> extents, UnaryOperator<List<Index>> logical)
      implements Epilogue {
    @Override
    public void write(LoopBuilder b, Expr value, List<Expr> index, int lanes, Optional<Expr> mask) {
      var at = new ArrayList<Index>();
      for (int i = 0; i < index.size(); i++) {
        Index axis = Index.axis(b.let("i", index.get(i)), extents.get(i));
        boolean last = i == index.size() - 1;
        at.add(last && lanes > 1 ? axis.plus(Index.of(new Index.Lane(lanes))) : axis);
      }
      var scope = new Scope(b);
      Pull pull = task.pull(scope, mask);
      Value lead = task.group().lead();
      List<Index> element = logical.apply(at);
      Expr computed = b.let("v", value);
      pull.seed(lead, element, computed);
      pull.seed(lead, thereAndBack(lead.type().shape(), element), computed);
      task.finish(scope, pull, lead.type().shape(), element, lanes, mask);
    }

    /**
     * The same element as a group asks for it that takes axes of size 1 away and puts them back.
     */
    private static List<Index> thereAndBack(Shape shape, List<Index> element) {
      var squeezed = new Shape(shape.dims().stream().filter(d -> !d.isOne()).toList());
      return Index.reshaped(shape, squeezed, Index.reshaped(squeezed, shape, element));
    }

    @Override
    public Set<Buffer> buffers() {
      var b = new LoopBuilder();
      var index = new ArrayList<Expr>();
      for (int i = 0; i < extents.size(); i++) {
        index.add(new Expr.VarRef(Var.index("i" + i)));
      }
      write(b, new Expr.VarRef(new Var("value", DType.F32, 1)), index, 1, Optional.empty());
      return new LinkedHashSet<>(Kernels.buffers(b.block()));
    }
  }
}
