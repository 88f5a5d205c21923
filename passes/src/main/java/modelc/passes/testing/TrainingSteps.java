package modelc.passes.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import modelc.ir.DType;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Tensor;
import modelc.ir.tensor.Value;

/** Arguments of a training entry, step after step. It runs nothing. */
public final class TrainingSteps {
  private TrainingSteps() {}

  /** The arguments of the next step: those that results replace are these. */
  public static List<Tensor> next(Entry train, List<Tensor> arguments, List<Tensor> results) {
    var next = new ArrayList<>(arguments);
    for (int i = 0; i < results.size(); i++) {
      Entry.Result r = train.results().get(i);
      if (r.aliases().isPresent()) {
        next.set(r.aliases().getAsInt(), results.get(i));
      }
    }
    return next;
  }

  /** Reproducible arguments: small parameters, optimizer states of 0. */
  public static List<Tensor> arguments(Entry entry, long batch) {
    var random = new Random(1);
    var arguments = new ArrayList<Tensor>();
    for (Entry.Argument a : entry.arguments()) {
      Value v = a.value();
      long[] shape = v.type().shape().evaluate(_ -> batch);
      Tensor t = Tensor.random(v.type().dtype(), shape, random.nextLong());
      double[] data = t.data();
      for (int i = 0; i < data.length; i++) {
        data[i] =
            switch (a.kind()) {
              case PARAMETER -> (float) (0.3 * data[i]);
              case OPTIMIZER_STATE -> 0;
              default -> v.type().dtype() == DType.I32 ? Math.abs(data[i]) : data[i];
            };
      }
      arguments.add(t);
    }
    return arguments;
  }
}
