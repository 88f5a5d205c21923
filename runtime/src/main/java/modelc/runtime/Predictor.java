package modelc.runtime;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Runs {@code infer} over any number of samples held in memory, as many at a time as were planned
 * for.
 */
public final class Predictor {
  private static final String BATCH = "batch";

  private final Call call;
  private final long maxBatch;

  public Predictor(Session session) {
    this.call = session.call("infer");
    this.maxBatch = session.model().spec().maxBatch();
  }

  /**
   * The model's outputs, by name, in memory of {@code arena}.
   *
   * @param inputs by name, each with the samples along its first axis
   * @throws DataException if one is missing, or of another type or shape
   */
  public SequencedMap<String, Tensor> predict(Map<String, Tensor> inputs, Arena arena) {
    long samples = -1;
    for (ArgumentSpec a : call.spec().arguments(Kind.INPUT)) {
      Tensor t = inputs.get(a.name());
      if (t == null || t.shape().isEmpty() || !fits(a, t)) {
        throw misfit(a, t == null ? "nothing" : t.toString());
      }
      long n = t.shape().getFirst();
      if (samples != -1 && samples != n) {
        throw misfit(a, n + " samples where another input has " + samples);
      }
      samples = n;
    }
    SequencedMap<String, Tensor> outputs = new LinkedHashMap<>();
    for (long done = 0; done < samples; done += maxBatch) {
      run(inputs, outputs, done, Math.min(maxBatch, samples - done), samples, arena);
    }
    return outputs;
  }

  private static boolean fits(ArgumentSpec a, Tensor t) {
    long samples = t.shape().getFirst();
    List<Long> wanted =
        a.shape().stream().map(d -> d.evaluate(s -> s.equals(BATCH) ? samples : -1)).toList();
    return samples > 0 && t.type() == a.type() && t.shape().equals(wanted);
  }

  private static DataException misfit(ArgumentSpec a, String got) {
    return new DataException(
        "R0511",
        "input " + a.name() + " is " + a.type() + a.shape() + ", and was given " + got,
        "give one array of that type and shape, samples along its first axis");
  }

  private void run(
      Map<String, Tensor> inputs,
      SequencedMap<String, Tensor> outputs,
      long first,
      long count,
      long samples,
      Arena arena) {
    call.size(BATCH, count);
    for (ArgumentSpec a : call.spec().arguments(Kind.INPUT)) {
      MemorySegment from = java.util.Objects.requireNonNull(inputs.get(a.name())).data();
      MemorySegment to = call.input(a.name()).data();
      MemorySegment.copy(from, from.byteSize() / samples * first, to, 0, to.byteSize());
    }
    call.run();
    for (ResultSpec r : call.spec().results(Kind.OUTPUT)) {
      Tensor piece = call.output(r.name());
      boolean batched = !r.shape().isEmpty() && r.shape().getFirst().symbols().contains(BATCH);
      Tensor all =
          outputs.computeIfAbsent(
              r.name(), _ -> whole(piece, batched ? samples : count, count, arena));
      long offset = batched ? piece.data().byteSize() / count * first : 0;
      all.data().asSlice(offset, piece.data().byteSize()).copyFrom(piece.data());
    }
  }

  /** Room for a result whose piece of {@code count} samples is given. */
  private static Tensor whole(Tensor piece, long samples, long count, Arena arena) {
    var shape = new java.util.ArrayList<>(piece.shape());
    if (samples != count) {
      shape.set(0, shape.getFirst() / count * samples);
    }
    long bytes = Tensor.bytes(piece.type(), shape);
    return Tensor.wrap(
        piece.type(), shape, NativeMemory.allocate(arena, bytes, "the outputs").asSlice(0, bytes));
  }
}
