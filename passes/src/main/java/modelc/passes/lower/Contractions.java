package modelc.passes.lower;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import modelc.ir.Dim;
import modelc.ir.loop.Expr;
import modelc.ir.tensor.ConvDims;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.ir.tensor.Window;
import modelc.passes.layout.ProductForm;

/**
 * Lowers dot_general and convolution in full generality, as plain sums of products.
 *
 * <p>The forms that matter have kernels of their own: {@link Kerneled}.
 */
final class Contractions {
  private Contractions() {}

  static void lower(Task task) {
    if (Kerneled.lower(task)) {
      return;
    }
    switch (task.group().lead().op()) {
      case Op.DotGeneral o -> plain(task, o);
      case Op.Convolution o -> plain(task, o);
      default -> throw new IllegalStateException("not a contraction: " + task.group().lead());
    }
  }

  private static void plain(Task task, Op.DotGeneral o) {
    Value lead = task.group().lead();
    var axes = new ArrayList<>(Task.kept(lead.type().shape()));
    int kept = axes.size();
    o.xContract().forEach(a -> axes.add(new Runs.Axis(o.x().type().dim(a), false)));
    List<Integer> xFree = ProductForm.free(o.x(), o.xBatch(), o.xContract());
    List<Integer> yFree = ProductForm.free(o.y(), o.yBatch(), o.yContract());
    int batch = o.xBatch().size();
    GroupLowering.Operand xAt =
        index ->
            place(o.x().type().rank(), index, o.xBatch(), 0, xFree, batch, o.xContract(), kept);
    GroupLowering.Operand yAt =
        index ->
            place(
                o.y().type().rank(),
                index,
                o.yBatch(),
                0,
                yFree,
                batch + xFree.size(),
                o.yContract(),
                kept);
    var job =
        GroupLowering.products(task, lead, o.x(), o.y(), xAt, yAt, (_, _) -> Optional.empty());
    List<Integer> reduced = IntStream.range(kept, axes.size()).boxed().toList();
    List<Integer> order = GroupLowering.innermostKept(task, lead, reduced);
    Reductions.lower(task, axes, order, List.of(job), GroupLowering.finish(task, axes));
  }

  private static List<Index> place(
      int rank,
      List<Index> index,
      List<Integer> batch,
      int batchFrom,
      List<Integer> free,
      int freeFrom,
      List<Integer> contract,
      int contractFrom) {
    var at = new Index[rank];
    for (int i = 0; i < batch.size(); i++) {
      at[batch.get(i)] = index.get(batchFrom + i);
    }
    for (int i = 0; i < free.size(); i++) {
      at[free.get(i)] = index.get(freeFrom + i);
    }
    for (int i = 0; i < contract.size(); i++) {
      at[contract.get(i)] = index.get(contractFrom + i);
    }
    return Arrays.asList(at);
  }

  private static void plain(Task task, Op.Convolution o) {
    Value lead = task.group().lead();
    ConvDims d = o.dims();
    Window w = o.window();
    var axes = new ArrayList<>(Task.kept(lead.type().shape()));
    int taps = axes.size();
    int features = taps + w.rank();
    w.size().forEach(s -> axes.add(new Runs.Axis(Dim.of(s), false)));
    axes.add(new Runs.Axis(o.kernel().type().dim(d.kernelInputFeature()), false));
    GroupLowering.Operand xAt =
        index -> {
          var at = new ArrayList<>(Collections.nCopies(o.x().type().rank(), Index.ZERO));
          List<Index> positions = spatial(o, index, taps);
          for (int i = 0; i < w.rank(); i++) {
            at.set(
                d.inputSpatial().get(i),
                positions.get(i).quotient(Dim.of(w.baseDilation().get(i))));
          }
          Index f = index.get(d.outputFeature());
          Dim outputs = o.kernel().type().dim(d.kernelOutputFeature());
          at.set(
              d.inputBatch(),
              group(f, outputs, o.batchGroups())
                  .times(lead.type().dim(d.outputBatch()))
                  .plus(index.get(d.outputBatch())));
          at.set(
              d.inputFeature(),
              group(f, outputs, o.featureGroups())
                  .times(o.kernel().type().dim(d.kernelInputFeature()))
                  .plus(index.get(features)));
          return at;
        };
    GroupLowering.Operand kernelAt =
        index -> {
          var at = new ArrayList<>(Collections.nCopies(o.kernel().type().rank(), Index.ZERO));
          for (int i = 0; i < w.rank(); i++) {
            Index t = index.get(taps + i);
            at.set(
                d.kernelSpatial().get(i),
                o.reversal() ? Index.constant(w.size().get(i) - 1).minus(t) : t);
          }
          at.set(d.kernelInputFeature(), index.get(features));
          at.set(d.kernelOutputFeature(), index.get(d.outputFeature()));
          return at;
        };
    GroupLowering.Guard inside =
        (pull, index) -> {
          List<Index> positions = spatial(o, index, taps);
          Optional<Expr> all = Optional.empty();
          for (int i = 0; i < w.rank(); i++) {
            Dim n = o.x().type().dim(d.inputSpatial().get(i));
            all = pull.both(all, pull.inside(positions.get(i), n, w.baseDilation().get(i)));
          }
          return all;
        };
    var job = GroupLowering.products(task, lead, o.x(), o.kernel(), xAt, kernelAt, inside);
    List<Integer> reduced = IntStream.range(taps, axes.size()).boxed().toList();
    List<Integer> order = GroupLowering.innermostKept(task, lead, reduced);
    Reductions.lower(task, axes, order, List.of(job), GroupLowering.finish(task, axes));
  }

  /** The group, of {@code groups}, that output feature {@code f} belongs to. */
  private static Index group(Index f, Dim features, long groups) {
    return groups == 1 ? Index.ZERO : f.quotient(features.dividedBy(Dim.of(groups)).orElseThrow());
  }

  private static List<Index> spatial(Op.Convolution o, List<Index> index, int taps) {
    List<Index> at = o.dims().outputSpatial().stream().map(index::get).toList();
    return Windows.positions(o.window(), at, index.subList(taps, taps + at.size()));
  }
}
