package modelc.frontend.reception;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import modelc.frontend.ModelSummary;
import modelc.ir.Dim;
import modelc.ir.tensor.Function;
import modelc.ir.tensor.Graph;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;

/**
 * The receptive fields of values: how much of the image one element depends on, by following each
 * axis of the image through the ops. Where ways meet, the box around all of them counts. It says
 * nothing of how strongly an element depends on what it sees.
 *
 * <p>The image is the first input with axes of space, {@code [batch, channel, ...space]}, and every
 * other input of the same space.
 */
public final class ReceptiveFields {
  private final Map<Value, Map<Integer, Place>> places = new HashMap<>();
  private final List<Dim> space;

  private ReceptiveFields(List<Dim> space) {
    this.space = space;
  }

  /**
   * Of those of {@code values} that depend on an image. {@code inputs} are the model's, in order.
   */
  public static Map<Value, ModelSummary.ReceptiveField> of(
      Collection<Value> values, List<Value> inputs) {
    Optional<List<Dim>> space =
        inputs.stream().filter(v -> v.type().rank() >= 3).map(ReceptiveFields::space).findFirst();
    Map<Value, ModelSummary.ReceptiveField> fields = new HashMap<>();
    if (space.isEmpty()) {
      return fields;
    }
    var f = new ReceptiveFields(space.get());
    for (Value input : inputs) {
      if (input.type().rank() >= 3 && space(input).equals(space.get())) {
        Map<Integer, Place> own = new TreeMap<>();
        for (int i = 0; i < space.get().size(); i++) {
          long n = space.get().get(i).constant();
          own.put(i, new Place.Along(i + 2, 1, n, Reach.SELF));
        }
        f.places.put(input, own);
      }
    }
    f.follow(Graph.topological(values));
    for (Value v : values) {
      f.field(v).ifPresent(field -> fields.put(v, field));
    }
    return fields;
  }

  private static List<Dim> space(Value input) {
    return input.type().shape().dims().subList(2, input.type().rank());
  }

  private Optional<ModelSummary.ReceptiveField> field(Value v) {
    Map<Integer, Place> at = places.getOrDefault(v, Map.of());
    if (at.size() != space.size()) {
      return Optional.empty();
    }
    var sizes = new ArrayList<Long>();
    var strides = new ArrayList<Optional<Double>>();
    for (Place p : at.values()) {
      sizes.add(p.size());
      strides.add(p instanceof Place.Along a ? Optional.of(a.reach().stride()) : Optional.empty());
    }
    return Optional.of(new ModelSummary.ReceptiveField(sizes, strides));
  }

  private void follow(List<Value> order) {
    for (Value v : order) {
      if (places.containsKey(v)) {
        continue;
      }
      Map<Integer, Place> own = new TreeMap<>();
      if (v.op() instanceof Op.Call c) {
        own.putAll(called(c));
      } else {
        for (Value operand : v.op().operands()) {
          places
              .getOrDefault(operand, Map.of())
              .forEach(
                  (axis, place) ->
                      own.merge(
                          axis,
                          Steps.of(v, operand, place),
                          v.op() instanceof Op.Concatenate ? Place::either : Place::both));
        }
      }
      if (v.op() instanceof Op.Concatenate c) {
        own.replaceAll((axis, place) -> inRow(c, axis).orElse(place));
      }
      places.put(v, own);
    }
  }

  /** Of pieces joined along the axis on which each has its place. */
  private Optional<Place> inRow(Op.Concatenate c, int axis) {
    var low = new ArrayList<Long>();
    var high = new ArrayList<Long>();
    var hull = new Reach.Hull();
    for (Value x : c.xs()) {
      Place p = places.getOrDefault(x, Map.of()).get(axis);
      if (!(p instanceof Place.Along a) || a.axis() != c.axis()) {
        return Optional.empty();
      }
      Optional<Place.Along> plain = a.plain(x.type().shape());
      if (plain.isEmpty()) {
        return Optional.empty();
      }
      for (long i = 0; i < plain.get().n(); i++) {
        low.add(plain.get().reach().low(i));
        high.add(plain.get().reach().high(i));
        hull.add(low.getLast(), high.getLast());
      }
    }
    var reach = new Reach(hull.high() - hull.low() + 1, low, high);
    return Optional.of(new Place.Along(c.axis(), 1, low.size(), reach));
  }

  private Map<Integer, Place> called(Op.Call c) {
    Function body = c.callee().body();
    for (int i = 0; i < body.parameters().size(); i++) {
      places.put(body.parameters().get(i), places.getOrDefault(c.arguments().get(i), Map.of()));
    }
    List<Value> order = Graph.topological(body.results());
    // A callee is one object however often it is called.
    order.stream().filter(v -> !(v.op() instanceof Op.Parameter)).forEach(places::remove);
    follow(order);
    return places.getOrDefault(body.results().getFirst(), Map.of());
  }
}
