package modelc.ir.loop;

import java.util.List;

/**
 * All entries of a model in Loop IR: what a backend compiles. Equal kernels are the same object.
 */
public record LoopProgram(String model, List<LoopEntry> entries) {
  public LoopProgram {
    entries = List.copyOf(entries);
  }
}
