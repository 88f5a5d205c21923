package modelc.ptx.syntax;

import org.jspecify.annotations.Nullable;

/**
 * A variable or a parameter.
 *
 * @param space reg, shared, local, param, global or const
 * @param bytes -1 for one of unknown size
 * @param initial its bytes where it has an initial value
 */
public record Variable(
    String space, Type type, int align, String name, long bytes, byte @Nullable [] initial) {}
