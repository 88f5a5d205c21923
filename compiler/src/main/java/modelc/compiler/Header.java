package modelc.compiler;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import modelc.runtime.ArgumentSpec;
import modelc.runtime.Artifact;
import modelc.runtime.DimSpec;
import modelc.runtime.ElementType;
import modelc.runtime.EntrySpec;
import modelc.runtime.ModelSpec;
import modelc.runtime.ResultSpec;
import modelc.runtime.SymbolSpec;

/**
 * The C header of a compiled model: its functions, the slots of their tables, and the sizes of
 * memory. It says what {@code docs/abi.md} says, with the model's own names and numbers.
 */
final class Header {
  /** Slots before the sizes: scratch memory and the threads' barrier. */
  private static final int FIXED_SLOTS = 2;

  private final String prefix;
  private final StringBuilder out = new StringBuilder();

  private Header(String prefix) {
    this.prefix = prefix;
  }

  static String of(ModelSpec spec) {
    var header = new Header(identifier(spec.name()).toUpperCase(Locale.ROOT));
    header.write(spec);
    return header.out.toString();
  }

  private void write(ModelSpec spec) {
    line("/* %s, compiled by modelc. docs/abi.md explains it. */", spec.name());
    line("#ifndef MODELC_%s_H", prefix);
    line("#define MODELC_%s_H", prefix);
    line("#include <stdint.h>");
    line("#ifdef __cplusplus");
    line("extern \"C\" {");
    line("#endif");
    line("");
    line("#define %s_ABI_VERSION %d", prefix, Artifact.ABI_VERSION);
    for (SymbolSpec s : spec.symbols()) {
      line("#define %s_MAX_%s %d", prefix, identifier(s.name()).toUpperCase(Locale.ROOT), s.max());
    }
    line("");
    line("/* Equal to %s_ABI_VERSION in a library that this header describes. */", prefix);
    line("extern const int32_t modelc_abi_version;");
    line("/* A description of the library: JSON, UTF-8, ends with a zero byte. */");
    line("extern const char modelc_metadata[];");
    spec.entries().forEach(this::entry);
    line("");
    line("#ifdef __cplusplus");
    line("}");
    line("#endif");
    line("#endif");
  }

  private void entry(EntrySpec e) {
    String entry = prefix + "_" + identifier(e.name()).toUpperCase(Locale.ROOT);
    line("");
    line("/*");
    line(" * %s. Returns 0. Each of nthreads threads calls it with its tid, from 0.", e.name());
    line(" */");
    line("int32_t modelc_%s(void **slots, int32_t tid, int32_t nthreads);", e.name());
    line("#define %s_ARENA_BYTES %d", entry, e.arenaBytes());
    line("enum {");
    line(
        "  %s_ARENA = 0, /* scratch memory of %s_ARENA_BYTES, aligned to 64 bytes */",
        entry, entry);
    line("  %s_BARRIER = 1, /* 128 bytes of zeros, aligned to 64 bytes */", entry);
    int slot = FIXED_SLOTS;
    Set<String> used = new HashSet<>(Set.of("ARENA", "BARRIER", "SLOTS"));
    for (String s : e.symbols()) {
      line("  %s_%s = %d, /* the size itself, as int64_t */", entry, unique(used, s), slot++);
    }
    for (ArgumentSpec a : e.arguments()) {
      line(
          "  %s_%s = %d, /* %s %s%s */",
          entry, unique(used, a.name()), slot++, lower(a.kind()), type(a.type()), shape(a.shape()));
    }
    for (ResultSpec r : e.ownResults()) {
      line(
          "  %s_%s = %d, /* result: %s %s%s */",
          entry, unique(used, r.name()), slot++, lower(r.kind()), type(r.type()), shape(r.shape()));
    }
    line("  %s_SLOTS = %d", entry, slot);
    line("};");
  }

  private static String unique(Set<String> used, String name) {
    String base = identifier(name).toUpperCase(Locale.ROOT);
    String candidate = base;
    for (int i = 2; !used.add(candidate); i++) {
      candidate = base + "_" + i;
    }
    return candidate;
  }

  /** {@code stage[1].conv1.w} becomes {@code stage_1_conv1_w}. */
  static String identifier(String name) {
    return name.replaceAll("[^A-Za-z0-9]+", "_").replaceAll("_$", "");
  }

  private static String lower(Enum<?> kind) {
    return kind.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static String type(ElementType type) {
    return switch (type) {
      case F32 -> "float";
      case F64 -> "double";
      case I32 -> "int32_t";
      case I64 -> "int64_t";
      case BOOL -> "uint8_t";
    };
  }

  private static String shape(List<DimSpec> shape) {
    return shape.stream().map(DimSpec::toString).collect(Collectors.joining("][", "[", "]"));
  }

  private void line(String format, Object... values) {
    out.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
