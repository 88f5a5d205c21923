package modelc.ptx.syntax;

import org.jspecify.annotations.Nullable;

/**
 * Where an instruction comes from.
 *
 * @param line in the PTX text, from 1
 * @param sourceFile by the {@code .loc} that holds here; null where none does
 * @param sourceLine in that file, from 1
 */
public record Place(int line, @Nullable String sourceFile, int sourceLine) {}
