package modelc.backend.gpu;

import java.util.ArrayList;
import java.util.List;
import modelc.ir.Symbol;
import modelc.ir.loop.LoopEntry.ArgumentBuffer;
import modelc.ir.loop.LoopEntry.Ref;

/** The launches of an entry as text, for people: nothing reads it back. */
final class LaunchList {
  private LaunchList() {}

  /** A table in the comments of PTX: buffers, then one line a launch. */
  static String print(GpuEntry e) {
    var out = new StringBuilder();
    out.append("// entry ").append(e.name());
    if (!e.symbols().isEmpty()) {
      List<String> sizes = e.symbols().stream().map(s -> s.name() + " <= " + s.max()).toList();
      out.append(" where ").append(String.join(", ", sizes));
    }
    out.append(": ")
        .append(e.launches().size())
        .append(" launches, arena of ")
        .append(e.arenaBytes())
        .append(" bytes\n");
    for (int i = 0; i < e.arguments().size(); i++) {
      ArgumentBuffer a = e.arguments().get(i);
      out.append("//   argument ").append(i).append(": ").append(a.name());
      out.append(' ').append(a.dtype()).append('[').append(a.elements()).append("]\n");
    }
    for (int i = 0; i < e.launches().size(); i++) {
      out.append("//   ").append(i).append(": ").append(launch(e.launches().get(i))).append('\n');
    }
    return out.toString();
  }

  private static String launch(GpuLaunch l) {
    KernelShape s = l.shape();
    var operands = new ArrayList<String>();
    for (Ref r : l.arguments()) {
      operands.add(
          switch (r) {
            case Ref.Argument a -> "argument " + a.index();
            case Ref.Arena a -> "arena + " + a.byteOffset();
          });
    }
    l.symbols().stream().map(Symbol::name).forEach(operands::add);
    return l.kernel()
        + "<<<"
        + String.join(" x ", s.grid().stream().map(Blocks::toString).toList())
        + ", "
        + s.threadsX()
        + " x "
        + s.threadsY()
        + ", "
        + s.sharedBytes()
        + " bytes shared>>>("
        + String.join(", ", operands)
        + ")";
  }
}
