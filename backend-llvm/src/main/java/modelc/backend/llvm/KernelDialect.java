package modelc.backend.llvm;

import java.util.List;
import java.util.Optional;
import modelc.ir.Symbol;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;

/**
 * What machines do differently in the code of a kernel: who runs the iterations of its outer loops,
 * and where memory is. Everything else is {@link KernelEmitter}'s.
 */
public interface KernelDialect {
  /**
   * The head of the kernel's function, up to the opening brace.
   *
   * @param parameters typed and named: the buffers, then the symbols
   */
  String signature(Kernel kernel, List<String> parameters);

  /** The type of the parameter that a size is passed in, with what is known of the size. */
  default String size(Symbol symbol) {
    return "i64";
  }

  /** The type of a pointer to an element of {@code space}. */
  String pointer(Space space);

  /** What is known of a pointer to a buffer, in bytes it is a multiple of. */
  default int alignment(Buffer buffer) {
    return 64;
  }

  /**
   * Whether a single access that must not happen is jumped over; otherwise it goes to a dummy
   * element.
   */
  boolean branchesOnMasks();

  /** A loop of a kind other than SERIAL and UNROLL. */
  void loop(KernelEmitter kernel, Stmt.For loop);

  /** What only threads of a GPU block do. */
  void inBlock(KernelEmitter kernel, Stmt.InBlock s);

  /** What is known of the address of {@code lanes} elements, in bytes it is a multiple of. */
  default int alignment(Buffer buffer, int lanes) {
    return buffer.dtype().bytes();
  }

  /** The pointer to a buffer that the threads of a block share. */
  String shared(KernelEmitter kernel, Buffer buffer);

  /**
   * The names of the machine's registers that hold the elements of a register buffer, where those
   * have to be some that LLVM does not choose; empty: it does.
   */
  default Optional<List<String>> registers(KernelEmitter kernel, Buffer buffer) {
    return Optional.empty();
  }

  /** Reads such a register, of F32. */
  default String readRegister(FunctionText f, String name) {
    throw new UnsupportedOperationException("this machine has no registers with names");
  }

  /** Writes to such a register. */
  default void writeRegister(FunctionText f, String name, String value) {
    throw new UnsupportedOperationException("this machine has no registers with names");
  }

  /** The value that another thread of the warp has of {@code x}, whose operand is given. */
  String shuffle(FunctionText f, Expr.WarpShuffleXor x, String operand);
}
