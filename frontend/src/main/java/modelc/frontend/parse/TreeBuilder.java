package modelc.frontend.parse;

import java.util.ArrayList;
import java.util.List;
import modelc.frontend.ast.Decl;
import modelc.frontend.ast.Expr;
import modelc.frontend.ast.SourceFile;
import modelc.frontend.ast.Stmt;
import modelc.frontend.ast.TypeExpr;
import modelc.grammar.ModelParser;
import org.jspecify.annotations.Nullable;

/** Turns parse trees of files, declarations and statements into syntax trees. */
final class TreeBuilder {
  private final ExpressionBuilder expressions;

  TreeBuilder(ExpressionBuilder expressions) {
    this.expressions = expressions;
  }

  SourceFile file(ModelParser.FileContext c) {
    var imports = new ArrayList<SourceFile.Import>();
    for (ModelParser.ImportingContext i : c.importing()) {
      imports.add(
          new SourceFile.Import(
              i.name().stream().map(expressions::name).toList(),
              expressions.plain(i.STRING().getSymbol()),
              Places.span(expressions.file, i.STRING().getSymbol()),
              expressions.span(i)));
    }
    return new SourceFile(
        expressions.file, imports, c.declaration().stream().map(this::declaration).toList());
  }

  private Decl declaration(ModelParser.DeclarationContext c) {
    return switch (c) {
      case ModelParser.FnDeclarationContext f ->
          new Decl.Fn(
              expressions.name(f.name()),
              config(f.config()),
              f.result() == null ? null : expressions.type(f.result().type()),
              block(f.block()),
              f.gradient() == null ? null : gradient(f.gradient()),
              expressions.span(c));
      case ModelParser.LayerDeclarationContext l ->
          new Decl.Layer(
              expressions.name(l.name()),
              config(l.config()),
              l.parameter().stream().map(this::parameter).toList(),
              l.result() == null ? null : expressions.type(l.result().type()),
              block(l.block()),
              expressions.span(c));
      case ModelParser.ModelDeclarationContext m ->
          new Decl.Model(
              expressions.name(m.name()),
              config(m.config()),
              block(m.block()),
              expressions.span(c));
      case ModelParser.OptimizerDeclarationContext o ->
          new Decl.Optimizer(
              expressions.name(o.name(0)),
              config(o.config()),
              expressions.name(o.name(1)),
              expressions.name(o.name(2)),
              block(o.block()),
              expressions.span(c));
      case ModelParser.TrainDeclarationContext t ->
          new Decl.Train(
              expressions.name(t.name()),
              t.setting().stream().map(this::setting).toList(),
              expressions.span(c));
      default -> throw new IllegalStateException("unknown declaration " + c.getText());
    };
  }

  private List<Decl.Parameter> config(ModelParser.@Nullable ConfigContext c) {
    return c == null ? List.of() : c.parameter().stream().map(this::parameter).toList();
  }

  private Decl.Parameter parameter(ModelParser.ParameterContext c) {
    return new Decl.Parameter(
        expressions.name(c.name()),
        c.type() == null ? null : expressions.type(c.type()),
        c.expression() == null ? null : expressions.expression(c.expression()),
        expressions.span(c));
  }

  private Decl.Gradient gradient(ModelParser.GradientContext c) {
    return switch (c) {
      case ModelParser.StatedGradientContext s ->
          new Decl.Gradient.Stated(
              expressions.name(s.name(0)),
              expressions.name(s.name(1)),
              block(s.block()),
              expressions.span(c));
      case ModelParser.NoGradientContext n ->
          new Decl.Gradient.Forbidden(
              expressions.plain(n.STRING().getSymbol()), expressions.span(c));
      default -> throw new IllegalStateException("unknown gradient " + c.getText());
    };
  }

  private Decl.Setting setting(ModelParser.SettingContext c) {
    Decl.Selector selector = null;
    if (c.selector() != null) {
      ModelParser.SelectorContext s = c.selector();
      boolean byType = s.getStart().getText().equals("*");
      selector =
          new Decl.Selector(
              byType, s.name().stream().map(expressions::name).toList(), expressions.span(s));
    }
    return new Decl.Setting(
        new Expr.Name(c.key().getText(), expressions.span(c.key())),
        expressions.expression(c.expression()),
        selector,
        expressions.span(c));
  }

  private Stmt.Block block(ModelParser.BlockContext c) {
    return new Stmt.Block(
        c.statement().stream().map(this::statement).toList(), expressions.span(c));
  }

  private Stmt statement(ModelParser.StatementContext c) {
    return switch (c) {
      case ModelParser.ParamStatementContext p ->
          new Stmt.Param(
              expressions.name(p.name()),
              expressions.type(p.type()),
              expressions.expression(p.expression()),
              expressions.span(c));
      case ModelParser.StateStatementContext s ->
          new Stmt.State(s.stateItem().stream().map(this::stateItem).toList(), expressions.span(c));
      case ModelParser.InputStatementContext i ->
          new Stmt.Input(
              expressions.name(i.name()), expressions.type(i.type()), expressions.span(c));
      case ModelParser.OutputStatementContext o ->
          new Stmt.Output(
              expressions.name(o.name()),
              type(o.type()),
              expressions.expression(o.expression()),
              expressions.span(c));
      case ModelParser.ReturnStatementContext r ->
          new Stmt.Return(expressions.expression(r.expression()), expressions.span(c));
      case ModelParser.AssertStatementContext a ->
          new Stmt.Assert(
              expressions.expression(a.expression(0)),
              a.expression().size() > 1 ? expressions.expression(a.expression(1)) : null,
              expressions.span(c));
      case ModelParser.ForStatementContext f ->
          new Stmt.For(
              expressions.name(f.name()),
              expressions.expression(f.expression()),
              block(f.block()),
              expressions.span(c));
      case ModelParser.IfStatementContext i -> branch(i.branch());
      case ModelParser.BindStatementContext b ->
          new Stmt.Bind(
              b.target().stream()
                  .map(t -> new Stmt.Target(expressions.name(t.name()), type(t.type())))
                  .toList(),
              expressions.expression(b.expression()),
              expressions.span(c));
      case ModelParser.UpdateStatementContext u ->
          new Stmt.Update(
              expressions.name(u.name()),
              expressions.expression(u.expression()),
              expressions.span(c));
      case ModelParser.ExpressionStatementContext e ->
          new Stmt.Alone(expressions.expression(e.expression()), expressions.span(c));
      default -> throw new IllegalStateException("unknown statement " + c.getText());
    };
  }

  private Stmt.StateItem stateItem(ModelParser.StateItemContext c) {
    return new Stmt.StateItem(
        expressions.name(c.name()), type(c.type()), expressions.expression(c.expression()));
  }

  private Stmt.If branch(ModelParser.BranchContext c) {
    Stmt.Block otherwise = null;
    if (c.branch() != null) {
      Stmt.If nested = branch(c.branch());
      otherwise = new Stmt.Block(List.of(nested), nested.span());
    } else if (c.block().size() > 1) {
      otherwise = block(c.block(1));
    }
    return new Stmt.If(
        expressions.expression(c.expression()), block(c.block(0)), otherwise, expressions.span(c));
  }

  private @Nullable TypeExpr type(ModelParser.@Nullable TypeContext c) {
    return c == null ? null : expressions.type(c);
  }
}
