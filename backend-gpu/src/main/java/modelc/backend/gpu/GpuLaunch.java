package modelc.backend.gpu;

import java.util.List;
import modelc.ir.Dim;
import modelc.ir.Symbol;
import modelc.ir.loop.LoopEntry;

/**
 * One launch of a kernel: a node of the graph that a whole entry becomes.
 *
 * @param kernel the name of the PTX entry
 * @param arguments what each of its buffers is, in the order of its parameters
 * @param bytes of each of its buffers
 * @param symbols the run-time sizes it takes after its buffers, as 64-bit integers
 */
public record GpuLaunch(
    String kernel,
    KernelShape shape,
    List<LoopEntry.Ref> arguments,
    List<Dim> bytes,
    List<Symbol> symbols) {
  public GpuLaunch {
    arguments = List.copyOf(arguments);
    bytes = List.copyOf(bytes);
    symbols = List.copyOf(symbols);
  }

  /** The bytes of buffer {@code i}. */
  public Dim bytes(int i) {
    return bytes.get(i);
  }
}
