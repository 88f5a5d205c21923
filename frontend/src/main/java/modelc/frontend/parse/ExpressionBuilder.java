package modelc.frontend.parse;

import java.util.ArrayList;
import java.util.List;
import modelc.frontend.Limits;
import modelc.frontend.ast.Expr;
import modelc.frontend.ast.Expr.InfixOp;
import modelc.frontend.ast.Expr.PrefixOp;
import modelc.frontend.ast.TypeExpr;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.frontend.diagnostic.Sources;
import modelc.grammar.ModelLexer;
import modelc.grammar.ModelParser;
import modelc.ir.Span;
import org.antlr.v4.runtime.ParserRuleContext;
import org.antlr.v4.runtime.Token;

/**
 * Turns parse trees of expressions and types into syntax trees. It checks literals and depth,
 * nothing else.
 */
final class ExpressionBuilder {
  final String file;
  private final TextBuilder texts;
  private final Limits limits;
  private final List<Diagnostic> errors = new ArrayList<>();
  private int depth;

  ExpressionBuilder(String file, Sources sources, Limits limits) {
    this.file = file;
    this.limits = limits;
    this.texts = new TextBuilder(file, sources, limits, errors);
  }

  List<Diagnostic> errors() {
    return errors;
  }

  Span span(ParserRuleContext c) {
    return Places.span(file, c);
  }

  Expr.Name name(ModelParser.NameContext c) {
    return new Expr.Name(c.getText(), span(c));
  }

  Expr expression(ModelParser.ExpressionContext c) {
    if (++depth > limits.depth()) {
      return tooDeep(c);
    }
    try {
      return switch (c) {
        case ModelParser.ConditionalContext i ->
            new Expr.Conditional(
                expression(i.expression(0)),
                expression(i.expression(1)),
                expression(i.expression(2)),
                span(c));
        case ModelParser.PipelineContext p -> pipeline(p);
        default -> throw new IllegalStateException("unknown expression " + c.getText());
      };
    } finally {
      depth--;
    }
  }

  private Expr tooDeep(ParserRuleContext c) {
    if (errors.stream().noneMatch(d -> d.code() == Code.LIMIT_NESTING)) {
      errors.add(
          Diagnostic.of(
              Code.LIMIT_NESTING,
              Places.span(file, c.getStart()),
              "operators are nested more than " + limits.depth() + " deep",
              "the limit `depth` is reached here"));
    }
    return new Expr.IntLiteral(0, Places.span(file, c.getStart()));
  }

  private Expr pipeline(ModelParser.PipelineContext p) {
    Expr value = operation(p.operation());
    if (p.stage().size() + depth > limits.depth()) {
      return tooDeep(p);
    }
    for (ModelParser.StageContext s : p.stage()) {
      Expr.Name label = s.name() == null ? null : name(s.name());
      Expr stage = postfix(s.postfix());
      value = new Expr.Arrow(value, label, stage, Places.join(value.span(), stage.span()));
    }
    return value;
  }

  private Expr operation(ModelParser.OperationContext c) {
    if (++depth > limits.depth()) {
      return tooDeep(c);
    }
    try {
      return switch (c) {
        case ModelParser.OperandContext o -> postfix(o.postfix());
        case ModelParser.NegationContext n -> prefix(PrefixOp.NEGATE, n.operation(), n);
        case ModelParser.InversionContext n -> prefix(PrefixOp.NOT, n.operation(), n);
        case ModelParser.InfixContext i -> {
          InfixOp op = infixOp(i.op);
          Expr left = operation(i.operation(0));
          Expr right = operation(i.operation(1));
          if (op.isComparison()
              && left instanceof Expr.Infix l
              && l.op().isComparison()
              && !parenthesized(i)) {
            errors.add(
                Diagnostic.of(Code.SYNTAX, span(i), "comparisons do not chain", "")
                    .withHelp("join two comparisons by `and`"));
          }
          yield new Expr.Infix(op, left, right, Places.span(file, i.op), span(i));
        }
        default -> throw new IllegalStateException("unknown operation " + c.getText());
      };
    } finally {
      depth--;
    }
  }

  private static boolean parenthesized(ModelParser.InfixContext i) {
    return i.operation(0).getStart().getType() == ModelLexer.LPAREN
        && i.operation(0).getStop().getType() == ModelLexer.RPAREN;
  }

  private Expr prefix(PrefixOp op, ModelParser.OperationContext operand, ParserRuleContext whole) {
    return new Expr.Prefix(op, operation(operand), span(whole));
  }

  private static InfixOp infixOp(Token t) {
    for (InfixOp op : InfixOp.values()) {
      if (op.toString().equals(t.getText())) {
        return op;
      }
    }
    throw new IllegalStateException("unknown operator " + t.getText());
  }

  private Expr postfix(ModelParser.PostfixContext c) {
    if (++depth > limits.depth()) {
      return tooDeep(c);
    }
    try {
      return switch (c) {
        case ModelParser.SimpleContext s -> primary(s.primary());
        case ModelParser.CallContext call ->
            new Expr.Call(
                postfix(call.postfix()),
                call.argument().stream().map(this::argument).toList(),
                span(c));
        case ModelParser.IndexContext i ->
            new Expr.Index(postfix(i.postfix()), expression(i.expression()), span(c));
        case ModelParser.MemberContext m ->
            new Expr.Member(postfix(m.postfix()), name(m.name()), span(c));
        default -> throw new IllegalStateException("unknown postfix " + c.getText());
      };
    } finally {
      depth--;
    }
  }

  private Expr.Argument argument(ModelParser.ArgumentContext c) {
    return new Expr.Argument(c.name() == null ? null : name(c.name()), expression(c.expression()));
  }

  private Expr primary(ModelParser.PrimaryContext c) {
    Span span = span(c);
    return switch (c) {
      case ModelParser.IntLiteralContext i -> integer(i.getText(), span);
      case ModelParser.FloatLiteralContext f -> real(f.getText(), span);
      case ModelParser.StringLiteralContext s -> texts.text(s.STRING().getSymbol());
      case ModelParser.BoolLiteralContext b ->
          new Expr.BoolLiteral(b.getText().equals("true"), span);
      case ModelParser.NameReferenceContext n -> name(n.name());
      case ModelParser.ListContext l ->
          new Expr.ListOf(l.item().stream().map(this::item).toList(), span);
      case ModelParser.ParenthesizedContext p -> expression(p.expression());
      default -> throw new IllegalStateException("unknown primary " + c.getText());
    };
  }

  private Expr item(ModelParser.ItemContext c) {
    return c.name() != null ? new Expr.Spread(name(c.name()), span(c)) : expression(c.expression());
  }

  private Expr integer(String text, Span span) {
    try {
      return new Expr.IntLiteral(Long.parseLong(text.replace("_", "")), span);
    } catch (NumberFormatException _) {
      errors.add(
          Diagnostic.of(
              Code.BAD_NUMBER,
              span,
              "this integer is too large",
              "the largest is " + Long.MAX_VALUE));
      return new Expr.IntLiteral(0, span);
    }
  }

  private Expr real(String text, Span span) {
    double value = Double.parseDouble(text.replace("_", ""));
    if (Double.isInfinite(value)) {
      errors.add(
          Diagnostic.of(
                  Code.BAD_NUMBER,
                  span,
                  "this number is too large",
                  "the largest is " + Double.MAX_VALUE)
              .withHelp("infinity is written `inf`"));
    }
    return new Expr.FloatLiteral(value, span);
  }

  TypeExpr type(ModelParser.TypeContext c) {
    return switch (c) {
      case ModelParser.TensorTypeContext t ->
          new TypeExpr.Tensor(
              t.name() == null ? null : name(t.name()),
              t.dimension().stream().map(this::dimension).toList(),
              span(c));
      case ModelParser.NamedTypeContext n -> new TypeExpr.Named(n.getText(), span(c));
      default -> throw new IllegalStateException("unknown type " + c.getText());
    };
  }

  private TypeExpr.Dimension dimension(ModelParser.DimensionContext c) {
    return c.expression() != null
        ? new TypeExpr.Dimension.Size(expression(c.expression()))
        : new TypeExpr.Dimension.Rest(c.name() == null ? null : name(c.name()), span(c));
  }

  /** The characters of a plain text, for places that take no values in braces. */
  String plain(Token string) {
    Expr.Text text = texts.text(string);
    var out = new StringBuilder();
    for (Expr.Piece p : text.pieces()) {
      switch (p) {
        case Expr.Piece.Characters ch -> out.append(ch.text());
        case Expr.Piece.Shown s ->
            errors.add(
                Diagnostic.of(
                    Code.BAD_TEXT, s.value().span(), "no values can be shown in this text", ""));
      }
    }
    return out.toString();
  }
}
