package modelc.frontend.elaborate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.frontend.ModelSummary;
import modelc.frontend.reception.ReceptiveFields;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.Span;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/**
 * The stages of the network as they are applied: the rows of the summary. A layer that consists of
 * further stages and has no parameters of its own is not listed; the library's layers count as one
 * stage each.
 */
final class Rows {
  /** A stage being applied. */
  static final class Row {
    private final String name;
    private final String op;
    private final List<Shape> inputs;
    private final Span place;
    private final int at;
    private final List<String> windows = new ArrayList<>();

    private Row(String name, String op, List<Shape> inputs, Span place, int at) {
      this.name = name;
      this.op = op;
      this.inputs = inputs;
      this.place = place;
      this.at = at;
    }
  }

  private final List<ModelSummary.Layer> rows = new ArrayList<>();

  /** What came out of each row, for those that give a tensor. */
  private final List<Optional<Value>> results = new ArrayList<>();

  private final Deque<Row> open = new ArrayDeque<>();
  private boolean recording;

  /** Rows are kept while one entry is built: the others would repeat them. */
  void record(boolean on) {
    recording = on;
  }

  /**
   * The rows, with what each sees of an image among the inputs. What has one axis beside its
   * channels is an image, or rather a signal, only where windows slide.
   */
  List<ModelSummary.Layer> rows(List<Value> inputs) {
    boolean sliding = rows.stream().anyMatch(r -> !r.windows().isEmpty());
    List<Value> images = inputs.stream().filter(v -> sliding || v.type().rank() > 3).toList();
    var values = results.stream().flatMap(Optional::stream).toList();
    Map<Value, ModelSummary.ReceptiveField> fields = ReceptiveFields.of(values, images);
    var seeing = new ArrayList<ModelSummary.Layer>();
    for (int i = 0; i < rows.size(); i++) {
      seeing.add(
          rows.get(i).seeing(results.get(i).flatMap(v -> Optional.ofNullable(fields.get(v)))));
    }
    return seeing;
  }

  @Nullable Row begin(String name, String op, List<Val> inputs, Span place) {
    if (!recording || Context.isLibrary(place)) {
      return null;
    }
    var shapes = new ArrayList<Shape>();
    inputs.forEach(v -> addShapes(v, shapes));
    var row = new Row(name, op, shapes, place, rows.size());
    open.push(row);
    return row;
  }

  private static void addShapes(Val v, List<Shape> shapes) {
    switch (v) {
      case Val.Tensor t -> shapes.add(withoutBatch(t.type().shape()));
      case Val.ListVal l -> l.items().forEach(i -> addShapes(i, shapes));
      case Val.Outputs o -> o.byName().values().forEach(i -> addShapes(i, shapes));
      default -> {}
    }
  }

  /** The shape of one example: without the first axis when that is the batch. */
  static Shape withoutBatch(Shape shape) {
    boolean batch =
        shape.rank() > 0
            && !shape.dim(0).isConstant()
            && shape.dim(0).factor() == 1
            && shape.dim(0).symbols().size() == 1;
    return batch ? new Shape(shape.dims().subList(1, shape.rank())) : shape;
  }

  /** Closes the row of a stage with what came out of it. */
  void end(@Nullable Row row, Val result, List<Weights.Weight> weights) {
    if (row == null) {
      return;
    }
    open.pop();
    boolean composite = rows.size() > row.at;
    if (composite && weights.isEmpty()) {
      return;
    }
    var shapes = new ArrayList<Shape>();
    addShapes(result, shapes);
    rows.add(
        row.at,
        new ModelSummary.Layer(
            row.name,
            row.op,
            row.inputs,
            shapes.isEmpty() ? Shape.SCALAR : shapes.getFirst(),
            Weights.elements(weights),
            Weights.formula(weights),
            row.windows,
            Optional.empty(),
            row.place.file(),
            row.place.line()));
    results.add(row.at, first(result));
  }

  private static Optional<Value> first(Val v) {
    return switch (v) {
      case Val.Tensor t -> Optional.of(t.value());
      case Val.ListVal l when !l.items().isEmpty() -> first(l.items().getFirst());
      case Val.Outputs o when !o.byName().isEmpty() -> first(o.byName().values().iterator().next());
      default -> Optional.empty();
    };
  }

  /** Parameters the model itself declares, outside any layer. */
  void ofModel(List<Weights.Weight> weights) {
    for (Weights.Weight w : weights) {
      rows.add(
          new ModelSummary.Layer(
              w.path(),
              "param",
              List.of(),
              w.type().shape(),
              Weights.elements(List.of(w)),
              Weights.formula(List.of(w)),
              List.of(),
              Optional.empty(),
              w.declared().file(),
              w.declared().line()));
      results.add(Optional.empty());
    }
  }

  /** Notes the window formula of a convolution or pooling in the innermost open row. */
  void window(String formula) {
    if (!open.isEmpty() && recording && !open.peek().windows.contains(formula)) {
      open.peek().windows.add(formula);
    }
  }

  /**
   * {@code (32 - 5 + 2*0)/1 + 1 = 28}; where the input is spread, which is a transposed
   * convolution, {@code (14 - 1)*2 + 3 - 1 = 28}: last what of the window's reach is cut off.
   */
  static String windowFormula(
      Dim in,
      long size,
      long low,
      long high,
      long stride,
      long dilation,
      long spread,
      Dim out,
      boolean ceil) {
    String window =
        dilation == 1 ? Long.toString(size) : "(" + dilation + "*(" + size + " - 1) + 1)";
    if (spread > 1) {
      long cut = 2 * dilation * (size - 1) - low - high;
      String rest = cut < 0 ? " + " + -cut : " - " + cut;
      return "(" + in + " - 1)*" + spread + " + " + window + rest + " = " + out;
    }
    String padding = low == high ? "2*" + low : low + " + " + high;
    String inner = in + " - " + window + " + " + padding;
    return (ceil ? "ceil((" + inner + ")/" + stride + ")" : "(" + inner + ")/" + stride)
        + " + 1 = "
        + out;
  }
}
