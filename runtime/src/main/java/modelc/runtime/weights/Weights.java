package modelc.runtime.weights;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import modelc.runtime.DataException;
import modelc.runtime.ElementType;
import modelc.runtime.Safetensors;
import modelc.runtime.Session;
import modelc.runtime.Tensor;
import modelc.runtime.Variable;
import modelc.runtime.weights.Matching.Pair;
import modelc.runtime.weights.WeightFile.Stored;

/**
 * Moves weights between files, sessions and names, by a {@link Matching}. It never changes a value,
 * but for rounding to the model's element type.
 */
public final class Weights {
  private static final Map<String, String> TORCH = Map.of("format", "pt");

  private Weights() {}

  /**
   * Gives {@code session} the tensors of {@code file} that fit. What does not keeps its value, so
   * call {@link Session#init} first where that may happen.
   *
   * @param partial whether it is enough that some fit
   * @return what fitted and what did not
   * @throws DataException if the file does not fit: then nothing was changed
   */
  public static Matching load(
      Session session, WeightFile file, Renaming renaming, boolean partial) {
    Matching matching = Matching.of(session.model().variables(), file.tensors(), renaming);
    matching.check(partial, file.path(), session.model().spec().name());
    try (Arena staging = Arena.ofShared()) {
      var values = new LinkedHashMap<String, Tensor>();
      for (Pair p : matching.fitting()) {
        values.put(p.ours().name(), file.read(p.theirs(), p.ours().type(), staging));
      }
      session.set(values);
    }
    return matching;
  }

  /**
   * Writes what fits of {@code file} as safetensors, under the names of the model.
   *
   * @param model the name of the model
   */
  public static void save(Path out, String model, WeightFile file, Matching matching) {
    try (Arena arena = Arena.ofShared()) {
      var tensors = new LinkedHashMap<String, Tensor>();
      for (Pair p : matching.fitting()) {
        tensors.put(p.ours().name(), file.read(p.theirs(), p.ours().type(), arena));
      }
      var metadata = new HashMap<>(file.isOwn() ? file.metadata() : Map.of());
      metadata.putAll(Map.of("format", "modelc", "model", model));
      Safetensors.write(out, metadata, tensors);
    }
  }

  /**
   * Writes what fits of {@code file} as safetensors, under our names with PyTorch's customs: {@code
   * layer1[0].bn1.scale} becomes {@code layer1.0.bn1.weight}. Normalizations get the counter that
   * PyTorch has in them, 0.
   */
  public static void saveForTorch(Path out, WeightFile file, Matching matching) {
    try (Arena arena = Arena.ofShared()) {
      var tensors = new LinkedHashMap<String, Tensor>();
      for (Pair p : matching.fitting()) {
        String name = Names.torch(p.ours().name());
        tensors.put(name, file.read(p.theirs(), p.ours().type(), arena));
        if (name.endsWith(Matching.MEAN)) {
          String counter = name.substring(0, name.length() - Matching.MEAN.length());
          tensors.put(
              counter + Matching.COUNTER,
              Tensor.wrap(ElementType.I64, List.of(), arena.allocate(Long.BYTES, Long.BYTES)));
        }
      }
      Safetensors.write(out, TORCH, tensors);
    }
  }

  /**
   * Writes what fits of {@code file} as safetensors, under the names that {@code like} has for the
   * same variables. What it has beside them is copied: all that the module it came from reads.
   *
   * @param likeMatching of {@code like} to the same model
   */
  public static void saveForTorch(
      Path out, WeightFile file, Matching matching, WeightFile like, Matching likeMatching) {
    var names = new HashMap<Variable, String>();
    likeMatching.fitting().forEach(p -> names.put(p.ours(), p.theirs().name()));
    try (Arena arena = Arena.ofShared()) {
      var tensors = new LinkedHashMap<String, Tensor>();
      for (Stored s : like.tensors()) {
        tensors.put(s.name(), like.read(s, s.type(), arena));
      }
      for (Pair p : matching.fitting()) {
        String name = names.get(p.ours());
        if (name != null) {
          tensors.put(name, file.read(p.theirs(), p.ours().type(), arena));
        }
      }
      Safetensors.write(out, TORCH, tensors);
    }
  }
}
