package modelc.ptx.syntax;

import java.util.List;

/**
 * A PTX module as written.
 *
 * @param target such as {@code sm_80}
 */
public record Translation(
    String version, String target, List<Variable> variables, List<Function> functions) {}
