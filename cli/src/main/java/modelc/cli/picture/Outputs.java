package modelc.cli.picture;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import modelc.ir.DType;
import modelc.ir.TensorType;
import modelc.ir.UnaryFn;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.runtime.Column;
import modelc.runtime.Tensor;

/**
 * Which of a model's outputs are class scores, a mask, a box or a picture, told by their shapes and
 * by what the recipe's data have to be learned; and their values as an {@link Answer}. Scores that
 * end in softmax or sigmoid are shares already, others are made such.
 */
public final class Outputs {
  /** More classes a pixel are rather features. */
  private static final int MAX_MASK_CLASSES = 256;

  private static final List<String> BOX_NAMES = List.of("box", "bbox", "place", "location");
  private static final List<String> SCORE_NAMES =
      List.of("logits", "scores", "probabilities", "classes");

  private enum Role {
    SCORES,
    MASK,
    BOX,
    PICTURE
  }

  private final Entry infer;
  private final Map<Role, String> names = new EnumMap<>(Role.class);
  private final Map<String, Boolean> shares = new LinkedHashMap<>();

  /**
   * @param infer the entry
   * @param columns of the recipe's data; empty without a recipe
   */
  public Outputs(Entry infer, List<Column> columns) {
    this.infer = infer;
    boolean recipe = !columns.isEmpty();
    Predicate<String> has = name -> columns.stream().anyMatch(c -> c.name().equals(name));
    List<Entry.Result> floats =
        infer.results().stream().filter(r -> r.value().type().dtype() == DType.F32).toList();
    floats.forEach(r -> shares.put(r.name(), isShares(r.value())));
    Optional<TensorType> image =
        infer.arguments().stream()
            .filter(a -> a.kind() == Entry.Kind.INPUT && a.value().type().rank() == 4)
            .map(a -> a.value().type())
            .findFirst();
    for (Entry.Result r : floats) {
      TensorType type = r.value().type();
      if (type.rank() == 4 && constant(type)) {
        long channels = type.dim(1).constant();
        boolean like = image.isPresent() && image.get().shape().equals(type.shape());
        boolean picture = like && (recipe ? !has.test("mask") : channels == 3);
        if (picture) {
          names.putIfAbsent(Role.PICTURE, r.name());
        } else if (channels <= MAX_MASK_CLASSES && (!recipe || has.test("mask"))) {
          names.putIfAbsent(Role.MASK, r.name());
        }
      } else if (size(r) == 4
          && !SCORE_NAMES.contains(r.name())
          && (BOX_NAMES.contains(r.name()) || has.test("box"))) {
        names.putIfAbsent(Role.BOX, r.name());
      }
    }
    if (!recipe || has.test("label")) {
      List<String> vectors =
          floats.stream()
              .filter(r -> size(r) >= 2 && !names.containsValue(r.name()))
              .map(Entry.Result::name)
              .toList();
      vectors.stream()
          .filter(SCORE_NAMES::contains)
          .findFirst()
          .or(() -> vectors.stream().findFirst())
          .ifPresent(name -> names.put(Role.SCORES, name));
    }
  }

  private static boolean constant(TensorType type) {
    return type.shape().dims().stream().skip(1).allMatch(d -> d.isConstant());
  }

  /** Numbers an example of an output that is a list of them; 0 for others. */
  private static long size(Entry.Result r) {
    TensorType type = r.value().type();
    return type.rank() == 2 && constant(type) ? type.dim(1).constant() : 0;
  }

  /** Whether a value comes out of a softmax or sigmoid, moved about at most. */
  private static boolean isShares(Value v) {
    return switch (v.op()) {
      case Op.Unary(UnaryFn fn, _) -> fn == UnaryFn.LOGISTIC;
      case Op.Call c -> c.callee().name().equals("softmax");
      case Op.Reshape(_, Value x) -> isShares(x);
      case Op.Transpose(_, Value x) -> isShares(x);
      default -> false;
    };
  }

  /** Whether the model says something that can be drawn on its picture. */
  public boolean drawable() {
    return !names.isEmpty();
  }

  /** Classes that the model tells apart, of examples or of pixels; 0 if it does neither. */
  public int classes() {
    Role role = names.containsKey(Role.SCORES) ? Role.SCORES : Role.MASK;
    String name = names.getOrDefault(role, "");
    return infer.results().stream()
        .filter(r -> r.name().equals(name))
        .mapToInt(r -> Math.toIntExact(r.value().type().dim(1).constant()))
        .findFirst()
        .orElse(0);
  }

  /** What the outputs say of one sample of a batch. */
  public Answer answer(Map<String, Tensor> outputs, int sample) {
    var numbers = new LinkedHashMap<String, float[]>();
    for (String name : shares.keySet()) {
      Tensor t = outputs.get(name);
      if (t != null && !names.containsValue(name) && !t.shape().isEmpty()) {
        numbers.put(name, row(t, sample));
      }
    }
    return new Answer(
        of(Role.SCORES, outputs, sample)
            .map(p -> normalized(p, shares(Role.SCORES)))
            .map(Plane::values),
        of(Role.MASK, outputs, sample).map(p -> normalized(p, shares(Role.MASK))),
        of(Role.BOX, outputs, sample).map(Plane::values),
        of(Role.PICTURE, outputs, sample),
        numbers);
  }

  private boolean shares(Role role) {
    return shares.getOrDefault(names.getOrDefault(role, ""), false);
  }

  private Optional<Plane> of(Role role, Map<String, Tensor> outputs, int sample) {
    String name = names.get(role);
    Tensor t = name == null ? null : outputs.get(name);
    return t == null ? Optional.empty() : Optional.of(plane(t, sample));
  }

  /** A row of a batch as a plane; what has no height and width is one pixel. */
  public static Plane plane(Tensor t, int sample) {
    List<Long> shape = t.shape();
    int rank = shape.size();
    int height = rank < 3 ? 1 : Math.toIntExact(shape.get(rank - 2));
    int width = rank < 3 ? 1 : Math.toIntExact(shape.get(rank - 1));
    float[] values = row(t, sample);
    return new Plane(values.length / (height * width), height, width, values);
  }

  /** One sample's numbers of a batch of them. */
  public static float[] row(Tensor t, int sample) {
    MemorySegment data = t.data();
    long bytes = data.byteSize() / t.shape().getFirst();
    MemorySegment row = data.asSlice(sample * bytes, bytes);
    return switch (t.type()) {
      case F32 -> row.toArray(ValueLayout.JAVA_FLOAT);
      case I32 -> {
        int[] whole = row.toArray(ValueLayout.JAVA_INT);
        var numbers = new float[whole.length];
        for (int i = 0; i < whole.length; i++) {
          numbers[i] = whole[i];
        }
        yield numbers;
      }
      case F64, I64, BOOL -> new float[0];
    };
  }

  /** Shares of the channels at each place: softmax, of one channel sigmoid. */
  private static Plane normalized(Plane p, boolean already) {
    if (already) {
      return p;
    }
    int n = p.height() * p.width();
    float[] x = p.values();
    var y = new float[x.length];
    for (int i = 0; i < n; i++) {
      if (p.channels() == 1) {
        y[i] = (float) (1 / (1 + Math.exp(-x[i])));
        continue;
      }
      double most = Double.NEGATIVE_INFINITY;
      for (int c = 0; c < p.channels(); c++) {
        most = Math.max(most, x[c * n + i]);
      }
      double sum = 0;
      for (int c = 0; c < p.channels(); c++) {
        sum += Math.exp(x[c * n + i] - most);
      }
      for (int c = 0; c < p.channels(); c++) {
        y[c * n + i] = (float) (Math.exp(x[c * n + i] - most) / sum);
      }
    }
    return new Plane(p.channels(), p.height(), p.width(), y);
  }

  /** The name of a class: its number where {@code names} do not name it. */
  public static String className(List<String> names, int c) {
    return c >= 0 && c < names.size() ? names.get(c) : Integer.toString(c);
  }
}
