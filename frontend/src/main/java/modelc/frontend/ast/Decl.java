package modelc.frontend.ast;

import java.util.List;
import modelc.ir.Span;
import org.jspecify.annotations.Nullable;

/** A declaration as written. {@code span} is the whole of it, the name has its own place. */
public sealed interface Decl {
  Expr.Name name();

  Span span();

  /** What a reader calls this kind of declaration. */
  default String kind() {
    return switch (this) {
      case Fn _ -> "fn";
      case Layer _ -> "layer";
      case Model _ -> "model";
      case Optimizer _ -> "optimizer";
      case Train _ -> "train";
    };
  }

  record Fn(
      Expr.Name name,
      List<Parameter> parameters,
      @Nullable TypeExpr result,
      Stmt.Block body,
      @Nullable Gradient gradient,
      Span span)
      implements Decl {}

  record Layer(
      Expr.Name name,
      List<Parameter> config,
      List<Parameter> inputs,
      @Nullable TypeExpr result,
      Stmt.Block body,
      Span span)
      implements Decl {}

  record Model(Expr.Name name, List<Parameter> config, Stmt.Block body, Span span)
      implements Decl {}

  record Optimizer(
      Expr.Name name,
      List<Parameter> config,
      Expr.Name weight,
      Expr.Name gradient,
      Stmt.Block body,
      Span span)
      implements Decl {}

  /** {@code name} is the model's. */
  record Train(Expr.Name name, List<Setting> settings, Span span) implements Decl {}

  record Parameter(Expr.Name name, @Nullable TypeExpr type, @Nullable Expr initial, Span span) {}

  /** What an fn states about its own derivative. */
  sealed interface Gradient {
    /**
     * {@code result} and {@code cotangent} are bound inside the body, which returns a cotangent per
     * tensor parameter.
     */
    record Stated(Expr.Name result, Expr.Name cotangent, Stmt.Block body, Span span)
        implements Gradient {}

    record Forbidden(String why, Span span) implements Gradient {}
  }

  /** One key of a recipe. */
  record Setting(Expr.Name key, Expr value, @Nullable Selector selector, Span span) {}

  /** Which parameters: {@code conv1.w} by path, {@code *conv2d.w} by layer type. */
  record Selector(boolean byType, List<Expr.Name> path, Span span) {}
}
