package modelc.ptx;

/**
 * What a launch did.
 *
 * @param warpInstructions instructions, once for each warp or diverged part of one
 * @param threadInstructions instructions, once for each thread
 * @param flops floating-point operations of all threads, a multiply-add being two; signs and
 *     comparisons are none
 * @param divergences branches that parted the lanes of a warp
 * @param barriers how often all threads of a block met
 * @param globalRead bytes read from global memory by threads, asynchronous copies included
 * @param globalWritten bytes written to global memory
 * @param sharedBytes of shared memory a block uses, static and dynamic
 */
public record LaunchReport(
    String kernel,
    Dim3 grid,
    Dim3 block,
    long warpInstructions,
    long threadInstructions,
    long flops,
    long divergences,
    long barriers,
    long globalRead,
    long globalWritten,
    int sharedBytes) {}
