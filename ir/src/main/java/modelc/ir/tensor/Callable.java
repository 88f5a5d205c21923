package modelc.ir.tensor;

import org.jspecify.annotations.Nullable;

/**
 * A named pure function of tensors with one result, kept whole until autodiff has used its stated
 * gradient and a backend has claimed or expanded it. Its body is its meaning and its test.
 *
 * @param name the language's name of it
 * @param body one result
 * @param gradient the stated gradient: parameters are the body's, then its result, then the
 *     result's cotangent; results are one cotangent per parameter of the body. Null: derived from
 *     the body.
 * @param noGradient why differentiating it is forbidden, or null
 */
public record Callable(
    String name, Function body, @Nullable Function gradient, @Nullable String noGradient) {}
