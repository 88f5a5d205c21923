package modelc.ptx;

import org.jspecify.annotations.Nullable;

/** What the emulator found wrong: in a PTX text, or with an instruction as some thread ran it. */
public final class PtxFault extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** The kinds of faults. */
  public enum Kind {
    /** The text is no PTX. */
    SYNTAX,
    /** An instruction that PTX does not have, or that is not emulated, or misused. */
    INVALID_INSTRUCTION,
    OUT_OF_BOUNDS,
    MISALIGNED,
    /** A read of a register or of memory that nobody wrote. */
    UNINITIALISED_READ,
    /** Shared memory is used while a {@code cp.async} to it has not been waited for. */
    UNFINISHED_COPY,
    /** A register or shared memory is used while a {@code wgmma} on it has not been waited for. */
    UNFINISHED_PRODUCT,
    /** A {@code wgmma} on registers or shared memory that no fence has shown it. */
    MISSING_FENCE,
    SHARED_RACE,
    GLOBAL_RACE,
    /** Threads that have to meet do not. */
    BARRIER_DIVERGENCE,
    STEP_LIMIT,
    /** The kernel executed {@code trap}. */
    TRAP
  }

  private final Kind kind;
  private final int line;
  private final @Nullable String sourceFile;
  private final int sourceLine;

  PtxFault(Kind kind, String message, int line, @Nullable String sourceFile, int sourceLine) {
    super(message);
    this.kind = kind;
    this.line = line;
    this.sourceFile = sourceFile;
    this.sourceLine = sourceLine;
  }

  public Kind kind() {
    return kind;
  }

  /** The line of the PTX text, from 1. */
  public int line() {
    return line;
  }

  /** The file that the PTX names as this instruction's source; null where it names none. */
  public @Nullable String sourceFile() {
    return sourceFile;
  }

  /** The line of {@link #sourceFile}, from 1; 0 where there is none. */
  public int sourceLine() {
    return sourceLine;
  }
}
