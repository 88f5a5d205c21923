package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.stream.Collectors;
import modelc.ir.TensorType;

/** Values and types in the reader's words, for messages and for values shown in texts. */
final class Show {
  private Show() {}

  static String type(TensorType type) {
    return type.dtype() + shape(type);
  }

  /** {@code [batch, 6, 14, 14]}. */
  static String shape(TensorType type) {
    return type.shape().dims().stream()
        .map(Object::toString)
        .collect(Collectors.joining(", ", "[", "]"));
  }

  /** A tensor with its axes' names where it has some: {@code f32[batch, c: 6, 14, 14]}. */
  static String named(Val.Tensor t) {
    return t.type().dtype() + axes(t);
  }

  static String axes(Val.Tensor t) {
    var out = new ArrayList<String>();
    for (int i = 0; i < t.rank(); i++) {
      String size = t.type().dim(i).toString();
      AxisName name = t.axes().get(i);
      out.add(
          name == null || name.text().startsWith("#") || name.text().equals(size)
              ? size
              : name + ": " + size);
    }
    return out.stream().collect(Collectors.joining(", ", "[", "]"));
  }

  /** What kind of value it is: {@code an int}, {@code a tensor f32[batch, 10]}. */
  static String kind(Val v) {
    return switch (v) {
      case Val.Int _ -> "an int";
      case Val.Size _ -> "a size known only at run time";
      case Val.Real _ -> "a float";
      case Val.Bool _ -> "a bool";
      case Val.Str _ -> "a text";
      case Val.ListVal l -> "a list of " + l.items().size();
      case Val.None _ -> "none";
      case Val.Axes _ -> "an axis";
      case Val.Ints _ -> "a list of ints";
      case Val.Padding _ -> "a padding";
      case Val.Element e -> "the element type " + e.dtype();
      case Val.Tensor t -> "a tensor " + type(t.type());
      case Val.Function f -> "the fn `" + f.decl().name().name() + "`";
      case Val.Builtin b -> "the fn `" + b.primitive().text() + "`";
      case Val.LayerKind l -> "the " + l.decl().kind() + " `" + l.decl().name().name() + "`";
      case Val.Configured c -> "a `" + c.instance().decl().name().name() + "` layer";
      case Val.OptimizerKind o -> "the optimizer `" + o.decl().name().name() + "`";
      case Val.ConfiguredOptimizer o -> "an optimizer `" + o.decl().name().name() + "`";
      case Val.Tally _ -> "a tally";
      case Val.Outputs o -> "the outputs " + String.join(", ", o.byName().keySet());
      case Val.Poison _ -> "a value reported before";
    };
  }

  /** The value itself, as {@code {x}} in a text shows it. */
  static String value(Val v) {
    return switch (v) {
      case Val.Int i -> Long.toString(i.value());
      case Val.Size s -> s.dim().toString();
      case Val.Real r -> Double.toString(r.value());
      case Val.Bool b -> Boolean.toString(b.value());
      case Val.Str s -> s.value();
      case Val.ListVal l ->
          l.items().stream().map(Show::value).collect(Collectors.joining(", ", "[", "]"));
      case Val.Ints l -> l.values().toString();
      case Val.Tensor t -> type(t.type());
      case Val.Padding.Valid _ -> "valid";
      case Val.Padding.Same _ -> "same";
      case Val.Padding.Full _ -> "full";
      case Val.Padding.Explicit e ->
          e.low().equals(e.high()) ? e.low().toString() : e.low() + " and " + e.high();
      case Val.None _,
          Val.Axes _,
          Val.Element _,
          Val.Function _,
          Val.Builtin _,
          Val.LayerKind _,
          Val.Configured _,
          Val.OptimizerKind _,
          Val.ConfiguredOptimizer _,
          Val.Tally _,
          Val.Outputs _,
          Val.Poison _ ->
          kind(v);
    };
  }
}
