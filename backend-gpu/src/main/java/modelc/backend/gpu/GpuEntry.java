package modelc.backend.gpu;

import java.util.List;
import modelc.ir.Symbol;
import modelc.ir.loop.LoopEntry.ArgumentBuffer;

/**
 * An entry as a list of launches, each of which may read what those before it wrote: run on one
 * stream, or captured once as a graph.
 *
 * @param symbols the run-time sizes
 * @param arguments the caller's buffers, in device memory
 * @param arenaBytes device memory for what lives between launches
 */
public record GpuEntry(
    String name,
    List<Symbol> symbols,
    List<ArgumentBuffer> arguments,
    long arenaBytes,
    List<GpuLaunch> launches) {
  public GpuEntry {
    symbols = List.copyOf(symbols);
    arguments = List.copyOf(arguments);
    launches = List.copyOf(launches);
  }
}
