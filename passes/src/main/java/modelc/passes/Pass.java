package modelc.passes;

import modelc.ir.tensor.Program;

/**
 * A transformation of Tensor IR programs that keeps their meaning. It does not lower them: Loop IR
 * has its own steps.
 *
 * <p>One file is one pass is one name of `modelc ir --after`.
 */
public interface Pass {
  /** The name on the command line. */
  String name();

  /** The transformed program; {@code program} itself is never changed. */
  Program run(Program program);
}
