package modelc.ptx;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import modelc.ptx.syntax.SyntaxException;
import modelc.ptx.syntax.Variable;
import org.jspecify.annotations.Nullable;

/** The global and constant variables of a module, which keep their values from launch to launch. */
final class Variables {
  private final List<DeviceBuffer> buffers = new ArrayList<>();
  private final Map<String, DeviceBuffer> byName = new HashMap<>();

  Variables(List<Variable> declared) {
    for (Variable v : declared) {
      if (v.space().equals("shared")) {
        continue;
      }
      if (v.bytes() < 0 || v.bytes() > Integer.MAX_VALUE - 64) {
        throw new SyntaxException(
            1, "variable " + v.name() + " has no size, or one of 2 GB or more");
      }
      var region = new Region(v.name(), (int) v.bytes(), v.space().equals("global"));
      long base = (long) (DeviceMemory.MODULE_SLOTS + buffers.size()) << DeviceMemory.SLOT_BITS;
      var buffer = new DeviceBuffer(region, base, 0, (int) v.bytes());
      // PTX: what has no initial value begins as zero.
      buffer.write(v.initial() == null ? new byte[(int) v.bytes()] : v.initial());
      region.readOnly = v.space().equals("const");
      buffers.add(buffer);
      byName.put(v.name(), buffer);
    }
  }

  @Nullable DeviceBuffer named(String name) {
    return byName.get(name);
  }

  @Nullable Region slot(long number) {
    long i = number - DeviceMemory.MODULE_SLOTS;
    return i < buffers.size() ? buffers.get((int) i).region : null;
  }
}
