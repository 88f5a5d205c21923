package modelc.ptx;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import modelc.ptx.syntax.Type;
import org.jspecify.annotations.Nullable;

/** Numbers the registers of a program; constants and special registers are some of them. */
final class Registers {
  private static final Pattern INDEXED = Pattern.compile("%(tid|ntid|ctaid|nctaid)\\.[xyz]");
  private static final Set<String> SPECIAL =
      Set.of(
          "%laneid",
          "%warpid",
          "%nwarpid",
          "%lanemask_eq",
          "%lanemask_lt",
          "%lanemask_le",
          "%lanemask_gt",
          "%lanemask_ge",
          "%dynamic_smem_size",
          "%total_smem_size",
          "%smid",
          "%nsmid",
          "%gridid");

  private final List<String> values = new ArrayList<>();
  private final List<String> predicates = new ArrayList<>();
  private final Map<Long, Integer> constants = new HashMap<>();
  private final Map<String, Integer> specials = new HashMap<>();
  private final Map<Integer, Long> dynamic = new HashMap<>();
  private final List<Program.Constant> patched = new ArrayList<>();

  Symbol declare(String name, Type type) {
    if (type == Type.PRED) {
      predicates.add(name);
      return new Symbol.Predicate(predicates.size() - 1);
    }
    return new Symbol.Value(value(name), type);
  }

  private int value(String name) {
    values.add(name);
    return values.size() - 1;
  }

  int constant(long value) {
    return constants.computeIfAbsent(value, v -> value(Long.toString(v)));
  }

  /** A register with an address in dynamic shared memory, which is placed last. */
  int dynamicConstant(long offset, boolean generic) {
    int register = value("dynamic shared memory");
    dynamic.put(register, offset + (generic ? Space.SHARED_BASE : 0));
    return register;
  }

  void setDynamicShared(int at) {
    dynamic.forEach((register, offset) -> patched.add(new Program.Constant(register, at + offset)));
  }

  Symbol.@Nullable Value special(String name) {
    boolean indexed = INDEXED.matcher(name).matches();
    if (!indexed && !SPECIAL.contains(name)) {
      return null;
    }
    Type type = name.equals("%gridid") ? Type.U64 : Type.U32;
    return new Symbol.Value(specials.computeIfAbsent(name, this::value), type);
  }

  int values() {
    return values.size();
  }

  int predicates() {
    return predicates.size();
  }

  List<Program.Constant> constants() {
    var list = new ArrayList<>(patched);
    constants.forEach((value, register) -> list.add(new Program.Constant(register, value)));
    return list;
  }

  List<Program.Special> specials() {
    var list = new ArrayList<Program.Special>();
    specials.forEach((name, register) -> list.add(new Program.Special(register, name)));
    return list;
  }

  Names names() {
    return new Names(List.copyOf(values), List.copyOf(predicates));
  }
}
