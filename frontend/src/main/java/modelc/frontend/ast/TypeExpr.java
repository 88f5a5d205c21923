package modelc.frontend.ast;

import java.util.List;
import modelc.ir.Span;
import org.jspecify.annotations.Nullable;

/**
 * A type as written: the kind of a compile-time value, or a tensor's element type and shape
 * pattern.
 */
public sealed interface TypeExpr {
  Span span();

  /** {@code int}, {@code padding} ... */
  record Named(String name, Span span) implements TypeExpr {}

  /** {@code f32[batch, c, ...s]}; without an element type, any floating one. */
  record Tensor(Expr.@Nullable Name element, List<Dimension> dimensions, Span span)
      implements TypeExpr {}

  /** One place of a shape pattern. */
  sealed interface Dimension {
    Span span();

    /** A size: a name binds it where it is not bound yet, anything else must equal it. */
    record Size(Expr value) implements Dimension {
      @Override
      public Span span() {
        return value.span();
      }
    }

    /** {@code ...} or {@code ...s}: any number of sizes. */
    record Rest(Expr.@Nullable Name name, Span span) implements Dimension {}
  }
}
