package modelc.compiler;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import modelc.ir.loop.LoopEntry;
import modelc.ir.loop.LoopProgram;

/**
 * What compiling a program gave and cannot be read off its Tensor IR: the objects, what each entry
 * needs to be called, and which kernels there are. It knows nothing of files.
 *
 * @param objects relocatable, for the machine they were made on
 */
record CachedCode(List<Entry> entries, KernelCounts kernels, List<byte[]> objects) {
  CachedCode {
    entries = List.copyOf(entries);
    objects = List.copyOf(objects);
  }

  /**
   * An entry as it was lowered.
   *
   * @param symbols its run-time sizes, in the order it takes them, with their maxima
   */
  record Entry(String name, Map<String, Long> symbols, long arenaBytes) {}

  static List<Entry> entries(LoopProgram loops) {
    var entries = new ArrayList<Entry>();
    for (LoopEntry e : loops.entries()) {
      var symbols = new LinkedHashMap<String, Long>();
      e.symbols().forEach(s -> symbols.put(s.name(), s.max()));
      entries.add(new Entry(e.name(), symbols, e.arenaBytes()));
    }
    return entries;
  }

  static void write(List<Entry> entries, DataOutputStream out) throws IOException {
    out.writeInt(entries.size());
    for (Entry e : entries) {
      out.writeUTF(e.name);
      out.writeInt(e.symbols.size());
      for (Map.Entry<String, Long> s : e.symbols.entrySet()) {
        out.writeUTF(s.getKey());
        out.writeLong(s.getValue());
      }
      out.writeLong(e.arenaBytes);
    }
  }

  static List<Entry> readEntries(DataInputStream in) throws IOException {
    var entries = new ArrayList<Entry>();
    for (int n = in.readInt(); n > 0; n--) {
      String name = in.readUTF();
      var symbols = new LinkedHashMap<String, Long>();
      for (int m = in.readInt(); m > 0; m--) {
        symbols.put(in.readUTF(), in.readLong());
      }
      entries.add(new Entry(name, symbols, in.readLong()));
    }
    return entries;
  }

  void write(DataOutputStream out) throws IOException {
    write(entries, out);
    out.writeInt(kernels.launches().size());
    for (Map.Entry<String, Integer> k : kernels.launches().entrySet()) {
      out.writeUTF(k.getKey());
      out.writeInt(k.getValue());
    }
    out.writeInt(objects.size());
    for (byte[] o : objects) {
      out.writeInt(o.length);
      out.write(o);
    }
  }

  static CachedCode read(DataInputStream in) throws IOException {
    List<Entry> entries = readEntries(in);
    var launches = new LinkedHashMap<String, Integer>();
    for (int n = in.readInt(); n > 0; n--) {
      launches.put(in.readUTF(), in.readInt());
    }
    var objects = new ArrayList<byte[]>();
    for (int n = in.readInt(); n > 0; n--) {
      objects.add(in.readNBytes(in.readInt()));
    }
    return new CachedCode(entries, new KernelCounts(launches), objects);
  }
}
