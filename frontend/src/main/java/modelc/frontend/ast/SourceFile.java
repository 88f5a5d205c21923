package modelc.frontend.ast;

import java.util.List;
import modelc.ir.Span;

/** A parsed file. */
public record SourceFile(String name, List<Import> imports, List<Decl> declarations) {
  /** {@code import a, b from "path"}. */
  public record Import(List<Expr.Name> names, String path, Span pathSpan, Span span) {}
}
