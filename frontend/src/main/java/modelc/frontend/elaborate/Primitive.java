package modelc.frontend.elaborate;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import modelc.frontend.Limits;
import modelc.frontend.ast.Decl;
import modelc.frontend.diagnostic.Sources;
import modelc.frontend.parse.Syntax;

/**
 * The functions the compiler itself provides, with their signatures in the language. Everything
 * else is written in the language over these; what they do is {@link Primitives}' affair.
 */
enum Primitive {
  EXP("exp", "x"),
  EXPM1("expm1", "x"),
  LOG("log", "x"),
  LOG1P("log1p", "x"),
  SQRT("sqrt", "x"),
  RSQRT("rsqrt", "x"),
  TANH("tanh", "x"),
  SIGMOID("sigmoid", "x"),
  ERF("erf", "x"),
  SIN("sin", "x"),
  COS("cos", "x"),
  ABS("abs", "x"),
  SIGN("sign", "x"),
  FLOOR("floor", "x"),
  CEIL("ceil", "x"),
  ROUND("round", "x"),
  IS_FINITE("is_finite", "x"),
  MAX("max", "x, y = none, over: axes = none"),
  MIN("min", "x, y = none, over: axes = none"),
  WHERE("where", "condition, x, y"),
  SUM("sum", "x, over: axes = none"),
  CUMSUM("cumsum", "x, axis: axis"),
  PRODUCT("product", "x: list"),
  COUNT("count", "x, over: axes"),
  TALLY("tally", "x, of = none"),
  CAST("cast", "x, to: element"),
  STOP_GRADIENT("stop_gradient", "x"),
  TRANSPOSE("transpose", "x"),
  PERMUTE("permute", "x, order: axes"),
  RESHAPE("reshape", "x, to: shape"),
  CONCAT("concat", "parts: list, axis: axis"),
  SPLIT("split", "x, parts: int, axis: axis = last"),
  SLICE("slice", "x, axis: axis, from: int, to: int, step: int = 1"),
  PAD_AXIS("pad_axis", "x, axis: axis, low: int, high: int, value: float = 0"),
  REVERSE("reverse", "x, over: axes"),
  TAKE("take", "x, indices, axis: axis"),
  IOTA("iota", "x, axis: axis"),
  SHAPE("shape", "x"),
  FILL("fill", "shape: shape, value: float"),
  VECTOR("vector", "values: list, to: element = f32"),
  LEN("len", "list: list"),
  FLOOR_DIV("floor_div", "x: int, y: int"),
  CEIL_DIV("ceil_div", "x: int, y: int"),
  CONVOLUTION(
      "convolution",
      "x, w, stride: ints = 1, padding: padding = valid, dilation: ints = 1, groups: int = 1,"
          + " flipped: bool = false, spread: ints = 1"),
  WINDOW_MAX(
      "window_max",
      "x, window: ints, stride: ints = 1, padding: padding = valid, dilation: ints = 1, ceil_mode:"
          + " bool = false"),
  WINDOW_SUM(
      "window_sum",
      "x, window: ints, stride: ints = 1, padding: padding = valid, dilation: ints = 1, ceil_mode:"
          + " bool = false"),
  RANDOM_UNIFORM("random_uniform", "shape: shape");

  private final String text;
  private final String signature;

  Primitive(String text, String signature) {
    this.text = text;
    this.signature = signature;
  }

  /** Its name in the language. */
  String text() {
    return text;
  }

  /** {@code max(x, y = none, over: axes = none)}. */
  String signature() {
    return text + "(" + signature + ")";
  }

  List<Decl.Parameter> parameters() {
    Decl.Fn signature = Signatures.BY_NAME.get(text);
    if (signature == null) {
      throw new IllegalStateException("no signature for " + text);
    }
    return signature.parameters();
  }

  /** Parsed once, when first needed. */
  private static final class Signatures {
    static final Map<String, Decl.Fn> BY_NAME = new HashMap<>();

    static {
      var source = new StringBuilder();
      for (Primitive p : values()) {
        source.append("fn ").append(p.signature()).append(" {}\n");
      }
      String file = Library.PREFIX + "primitives";
      for (Decl d :
          Syntax.parse(file, source.toString(), new Sources(), Limits.DEFAULT).declarations()) {
        BY_NAME.put(d.name().name(), (Decl.Fn) d);
      }
    }
  }
}
