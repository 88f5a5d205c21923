package modelc.compiler;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import modelc.backend.cpu.CompiledObject;
import modelc.backend.cpu.CpuBackend;
import modelc.backend.cpu.Jit;
import modelc.backend.cpu.Machine;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopProgram;
import modelc.ir.tensor.Program;
import modelc.passes.Options;
import modelc.passes.Pipeline;
import modelc.runtime.Model;
import modelc.runtime.NativeCode;

/**
 * A model that measures each launch of its kernels while it runs. Its steps are slower than those
 * of others: there is a barrier at every launch.
 */
public final class TimedModel implements AutoCloseable {
  /**
   * What a launch of a kernel took.
   *
   * @param cycles of the processor's counter, of all runs together
   * @param bytes of the buffers it is given, at the symbols' maxima
   */
  public record Launch(String kernel, long cycles, long bytes) {}

  private final LoopProgram loops;
  private final Jit jit;
  private final Model model;

  private TimedModel(Program program, LoopProgram loops) {
    this.loops = loops;
    CompiledObject object = new CpuBackend().timed().compile(loops);
    jit = Jit.load(object);
    model =
        new Model(
            Specs.of(program, CachedCode.entries(loops)),
            new NativeCode() {
              @Override
              public MemorySegment entry(String name) {
                return jit.symbol("modelc_" + name);
              }

              @Override
              public void close() {
                jit.close();
              }
            });
  }

  public static TimedModel compile(Program program) {
    return new TimedModel(
        program, Pipeline.lower(program, Machine.host().target(), Options.DEFAULT).program());
  }

  public Model model() {
    return model;
  }

  private LoopEntry entry(String name) {
    return loops.entries().stream()
        .filter(e -> e.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new NoSuchElementException("no entry " + name));
  }

  /** Forgets what was measured of an entry, which must not be running. */
  public void reset(String entry) {
    jit.times(entry(entry)).fill((byte) 0);
  }

  /** The launches of an entry, in order. */
  public List<Launch> launches(String entry) {
    LoopEntry e = entry(entry);
    MemorySegment times = jit.times(e);
    var launches = new ArrayList<Launch>();
    for (int i = 0; i < e.launches().size(); i++) {
      var k = e.launches().get(i).kernel();
      long bytes = k.parameters().stream().mapToLong(b -> b.size().max() * b.dtype().bytes()).sum();
      launches.add(new Launch(k.name(), times.getAtIndex(ValueLayout.JAVA_LONG, i), bytes));
    }
    return launches;
  }

  @Override
  public void close() {
    model.close();
  }
}
