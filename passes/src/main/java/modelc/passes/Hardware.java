package modelc.passes;

/** The kind of machine that kernels are scheduled for: a CPU's {@link Target}, or a {@link Gpu}. */
public sealed interface Hardware permits Target, Gpu {}
