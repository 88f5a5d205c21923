package modelc.compiler;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import modelc.runtime.DeviceProgram;

/**
 * What compiling a program for GPUs gave and cannot be read off its Tensor IR: the kernels with
 * their launches, and what each entry needs to be called. It knows nothing of files.
 */
record CachedKernels(List<CachedCode.Entry> entries, DeviceProgram program) {
  CachedKernels {
    entries = List.copyOf(entries);
  }

  void write(DataOutputStream out) throws IOException {
    CachedCode.write(entries, out);
    byte[] json = program.toJson().getBytes(StandardCharsets.UTF_8);
    out.writeInt(json.length);
    out.write(json);
  }

  static CachedKernels read(DataInputStream in) throws IOException {
    List<CachedCode.Entry> entries = CachedCode.readEntries(in);
    var json = new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
    return new CachedKernels(
        entries,
        DeviceProgram.ofJson(json).orElseThrow(() -> new IOException("no kernels for GPUs")));
  }
}
