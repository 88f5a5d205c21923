package modelc.compiler;

import java.util.List;
import java.util.Optional;
import modelc.backend.gpu.Blocks;
import modelc.backend.gpu.GpuEntry;
import modelc.backend.gpu.GpuLaunch;
import modelc.backend.gpu.GpuProgram;
import modelc.ir.Dim;
import modelc.ir.Symbol;
import modelc.ir.loop.LoopEntry.Ref;
import modelc.runtime.DeviceProgram;

/** Programs for GPUs as the runtime sees them, which knows neither the backend nor the IRs. */
final class DevicePrograms {
  private static final int SM_90A = 90;

  private DevicePrograms() {}

  /**
   * The kernels of one program, compiled for devices of several ages.
   *
   * @param sm90a the program compiled for devices of capability 9.0 alone, if it differs
   */
  static DeviceProgram of(
      List<Integer> capabilities, List<GpuProgram> programs, Optional<GpuProgram> sm90a) {
    List<DeviceProgram.Module> modules =
        java.util.stream.IntStream.range(0, capabilities.size())
            .mapToObj(i -> new DeviceProgram.Module(capabilities.get(i), programs.get(i).ptx()))
            .toList();
    // The launches come from the schedules, which are those of sm_80 for all.
    return new DeviceProgram(
        modules,
        programs.getFirst().entries().stream().map(DevicePrograms::entry).toList(),
        sm90a.map(p -> of(List.of(SM_90A), List.of(p), Optional.empty())));
  }

  private static DeviceProgram.Entry entry(GpuEntry e) {
    return new DeviceProgram.Entry(
        e.name(), e.arenaBytes(), e.launches().stream().map(DevicePrograms::launch).toList());
  }

  private static DeviceProgram.Launch launch(GpuLaunch l) {
    List<DeviceProgram.Place> places =
        java.util.stream.IntStream.range(0, l.arguments().size())
            .mapToObj(i -> place(l.arguments().get(i), l.bytes(i)))
            .toList();
    return new DeviceProgram.Launch(
        l.kernel(),
        l.shape().grid().stream().map(DevicePrograms::blocks).toList(),
        l.shape().threadsX(),
        l.shape().threadsY(),
        l.shape().dynamicSharedBytes(),
        places,
        l.symbols().stream().map(Symbol::name).toList());
  }

  private static DeviceProgram.Place place(Ref ref, Dim bytes) {
    return switch (ref) {
      case Ref.Argument a -> new DeviceProgram.Place.Argument(a.index());
      case Ref.Arena a -> new DeviceProgram.Place.Arena(a.byteOffset(), Specs.dim(bytes));
    };
  }

  private static DeviceProgram.Blocks blocks(Blocks b) {
    return new DeviceProgram.Blocks(Specs.dim(b.items()), b.perBlock());
  }
}
