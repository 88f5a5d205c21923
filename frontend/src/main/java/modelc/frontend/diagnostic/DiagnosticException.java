package modelc.frontend.diagnostic;

import java.util.List;

/** A source that cannot be compiled, with everything found wrong in it. */
public final class DiagnosticException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient List<Diagnostic> diagnostics;
  private final transient Sources sources;

  public DiagnosticException(List<Diagnostic> diagnostics, Sources sources) {
    super(new Renderer(sources).render(diagnostics));
    this.diagnostics = List.copyOf(diagnostics);
    this.sources = sources;
  }

  public List<Diagnostic> diagnostics() {
    return diagnostics;
  }

  public Sources sources() {
    return sources;
  }

  /** The text form of all of them, without colour. */
  public String render() {
    return new Renderer(sources).render(diagnostics);
  }

  /** True when a limit ended it, and not a mistake. */
  public boolean isLimit() {
    return diagnostics.stream().allMatch(d -> d.code().isLimit());
  }
}
