package modelc.backend.cpu;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import modelc.backend.llvm.LlvmCompiler;
import modelc.backend.llvm.LlvmTarget;
import modelc.passes.Target;

/**
 * The machine code is generated for, as LLVM names it. What the passes assume of it is {@link
 * #target}'s.
 *
 * @param triple e.g. {@code x86_64-unknown-linux-gnu}
 * @param cpu e.g. {@code x86-64-v3}, {@code znver3}
 * @param features LLVM's list of features that the processor has beside those of {@code cpu}, e.g.
 *     {@code +avx2,+fma}
 */
public record Machine(String triple, String cpu, String features) {
  /** The names by which a common subset of processors may be asked for. */
  public static final List<String> LEVELS = List.of("x86-64-v3", "x86-64-v4");

  /** Systems that code can be generated for, whatever this one is. */
  public static final List<String> TARGETS = List.of("x86_64-linux", "aarch64-linux", "wasm32");

  private static final String WASM_FEATURES =
      "+simd128,+bulk-memory,+bulk-memory-opt,+nontrapping-fptoint,+sign-ext";

  /** What code may use of each level, as Linux names it in /proc/cpuinfo. */
  private static final List<String> V3 =
      List.of("avx", "avx2", "fma", "f16c", "bmi1", "bmi2", "abm", "movbe");

  private static final List<String> V4 =
      List.of("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl");

  /** Features of x86 that generated code may use, from LLVM's names to Linux's. */
  private static final Map<String, String> LINUX_NAMES = linuxNames();

  /** The machine this program runs on. */
  public static Machine host() {
    LlvmTarget host = LlvmCompiler.host();
    return new Machine(host.triple(), host.cpu(), host.features());
  }

  LlvmTarget llvm() {
    return new LlvmTarget(triple, cpu, features);
  }

  /**
   * This machine's kind with a processor of the named level, or {@code native} for its own.
   *
   * @throws IllegalArgumentException if there is no such level
   */
  public static Machine named(String cpu) {
    if (cpu.equals("native")) {
      return host();
    }
    if (!LEVELS.contains(cpu)) {
      throw new IllegalArgumentException(
          "no processor is called " + cpu + "; there are native, " + String.join(", ", LEVELS));
    }
    return new Machine(host().triple(), cpu, "");
  }

  /**
   * A machine of one of {@link #TARGETS}, with a processor of the named level where there are
   * levels.
   *
   * @throws IllegalArgumentException if there is no such target, or it has no such processor
   */
  public static Machine named(String target, String cpu) {
    boolean plain = cpu.equals("native") || cpu.equals("generic");
    if (!TARGETS.contains(target)) {
      throw new IllegalArgumentException(
          "no target is called " + target + "; there are " + String.join(", ", TARGETS));
    }
    if (target.equals("x86_64-linux")) {
      boolean here = cpu.equals("native") && host().triple().startsWith("x86_64");
      String level = plain ? LEVELS.getFirst() : named(cpu).cpu();
      return here ? host() : new Machine("x86_64-unknown-linux-gnu", level, "");
    }
    if (!plain) {
      throw new IllegalArgumentException(
          "no processor of " + target + " is called " + cpu + "; there is generic");
    }
    return target.equals("wasm32")
        ? new Machine("wasm32-unknown-unknown", "generic", WASM_FEATURES)
        : new Machine("aarch64-unknown-linux-gnu", "generic", "+neon");
  }

  /** What the passes may assume of it: vectors of 512 bits where the processor has them. */
  public Target target() {
    return switch (triple.substring(0, triple.indexOf('-'))) {
      case "aarch64" -> Target.NEON;
      case "wasm32" -> Target.WASM;
      default -> required().containsAll(V4) ? Target.AVX512 : Target.AVX2;
    };
  }

  boolean isWasm() {
    return triple.startsWith("wasm");
  }

  /** What a processor must have to run the code, as Linux names it; empty where that is unknown. */
  public List<String> required() {
    if (triple.startsWith("aarch64")) {
      return List.of("asimd");
    }
    if (!triple.startsWith("x86_64")) {
      return List.of();
    }
    if (LEVELS.contains(cpu)) {
      var all = new ArrayList<>(V3);
      if (cpu.equals("x86-64-v4")) {
        all.addAll(V4);
      }
      return all;
    }
    var needed = new ArrayList<String>();
    for (String feature : features.split(",", -1)) {
      String name = feature.startsWith("+") ? LINUX_NAMES.get(feature.substring(1)) : null;
      if (name != null) {
        needed.add(name);
      }
    }
    return needed;
  }

  private static Map<String, String> linuxNames() {
    var names = new LinkedHashMap<String, String>();
    V4.forEach(f -> names.put(f, f));
    for (String same : List.of("avx", "avx2", "fma", "f16c", "bmi2", "movbe", "popcnt", "fma4")) {
      names.put(same, same);
    }
    names.put("bmi", "bmi1");
    names.put("lzcnt", "abm");
    names.put("sse4.2", "sse4_2");
    names.put("avx512vnni", "avx512_vnni");
    names.put("avx512bf16", "avx512_bf16");
    names.put("avx512fp16", "avx512_fp16");
    names.put("avxvnni", "avx_vnni");
    return Map.copyOf(names);
  }
}
