package modelc.ptx.syntax;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A kernel or a function.
 *
 * @param body null for a declaration
 * @param maxThreads of a block by {@code .maxntid} or {@code .reqntid}; -1 where not said
 */
public record Function(
    String name,
    boolean entry,
    List<Variable> results,
    List<Variable> parameters,
    int maxThreads,
    int line,
    @Nullable List<Statement> body) {}
