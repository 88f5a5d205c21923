package modelc.ptx;

import modelc.ptx.syntax.Place;

/**
 * An instruction, decoded.
 *
 * @param guard a reference to the predicate that has to hold ({@link Warp#predicate}), or -1
 * @param reads value registers that have to be defined
 * @param writes value registers that it defines
 * @param touches value registers that it accesses in any way, at once
 * @param predicateReads predicate registers that have to be defined
 * @param predicateWrites predicate registers that it defines
 * @param flops of a thread
 * @param text for messages
 */
record Inst(
    Flow flow,
    int guard,
    Code code,
    int[] reads,
    int[] writes,
    int[] touches,
    int[] predicateReads,
    int[] predicateWrites,
    int flops,
    Place place,
    String text) {}
