package modelc.frontend.ast;

import java.util.List;
import modelc.ir.Span;
import org.jspecify.annotations.Nullable;

/** A statement as written. */
public sealed interface Stmt {
  Span span();

  record Param(Expr.Name name, TypeExpr type, Expr initial, Span span) implements Stmt {}

  record State(List<StateItem> items, Span span) implements Stmt {}

  /** Without a type only inside an optimizer, where a state is shaped like its parameter. */
  record StateItem(Expr.Name name, @Nullable TypeExpr type, Expr initial) {}

  record Input(Expr.Name name, TypeExpr type, Span span) implements Stmt {}

  record Output(Expr.Name name, @Nullable TypeExpr type, Expr value, Span span) implements Stmt {}

  record Return(Expr value, Span span) implements Stmt {}

  record Assert(Expr condition, @Nullable Expr message, Span span) implements Stmt {}

  record For(Expr.Name variable, Expr values, Block body, Span span) implements Stmt {}

  /** {@code otherwise} is empty when there is no else; an else-if is a block of one If. */
  record If(Expr condition, Block then, @Nullable Block otherwise, Span span) implements Stmt {}

  /** {@code a, b: [n] = value}. */
  record Bind(List<Target> targets, Expr value, Span span) implements Stmt {}

  record Target(Expr.Name name, @Nullable TypeExpr type) {}

  /** {@code name <- value}. */
  record Update(Expr.Name name, Expr value, Span span) implements Stmt {}

  /** An expression standing alone, which does nothing. */
  record Alone(Expr value, Span span) implements Stmt {}

  record Block(List<Stmt> statements, Span span) {}
}
