package modelc.passes;

import modelc.ir.loop.LoopProgram;

/**
 * The last stage of a compilation: turns a lowered program into what a machine runs.
 *
 * <p>It does not choose schedules or memory: everything it is given is explicit in Loop IR.
 *
 * @param <T> what it makes: an object, a module's text
 */
public interface Backend<T> {
  /** The name the command line knows it by. */
  String name();

  /** Compiles every entry of {@code program}. */
  T compile(LoopProgram program);
}
