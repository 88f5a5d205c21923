package modelc.ptx;

import java.util.List;
import modelc.ptx.syntax.Type;

/**
 * A kernel, decoded: functions are inlined, names are numbers.
 *
 * @param registers the number of value registers, constants among them
 * @param constants their values
 * @param specials registers whose values differ by thread
 * @param sharedBytes of variables of known size, with gaps between them
 * @param sharedGaps begins and ends of those gaps
 * @param dynamicShared where the memory begins whose size the launch says; its alignment is kept
 * @param localBytes of a thread
 * @param granule the smallest piece of memory that the module accesses
 * @param wgmma whether it has matrix products of warpgroups
 */
record Program(
    String name,
    Inst[] code,
    List<Parameter> parameters,
    int parameterBytes,
    int maxThreads,
    int registers,
    int predicates,
    List<Constant> constants,
    List<Special> specials,
    int sharedBytes,
    List<int[]> sharedGaps,
    int dynamicShared,
    int localBytes,
    int granule,
    boolean wgmma) {

  /** A parameter of the kernel. */
  record Parameter(String name, Type type, int offset, int bytes) {}

  /** A register that has one value everywhere. */
  record Constant(int register, long value) {}

  /** A register that the hardware sets. */
  record Special(int register, String name) {}
}
