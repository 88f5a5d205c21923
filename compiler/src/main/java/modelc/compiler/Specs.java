package modelc.compiler;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.Symbol;
import modelc.ir.tensor.Entry;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Value;
import modelc.passes.analysis.IndexRanges;
import modelc.runtime.ArgumentSpec;
import modelc.runtime.DimSpec;
import modelc.runtime.ElementType;
import modelc.runtime.EntrySpec;
import modelc.runtime.IndexRange;
import modelc.runtime.Kind;
import modelc.runtime.ModelSpec;
import modelc.runtime.ResultSpec;
import modelc.runtime.SymbolSpec;
import modelc.runtime.Variable;

/**
 * What a compiled program is to the runtime: names, kinds and types from Tensor IR, sizes of memory
 * from Loop IR. The runtime sees neither IR.
 */
final class Specs {
  private Specs() {}

  /** The specification of {@code program}, whose entries were lowered to {@code entries}. */
  static ModelSpec of(Program program, List<CachedCode.Entry> entries) {
    Map<String, SymbolSpec> symbols = new LinkedHashMap<>();
    var specs = new ArrayList<EntrySpec>();
    for (CachedCode.Entry lowered : entries) {
      lowered.symbols().forEach((name, max) -> symbols.put(name, new SymbolSpec(name, max)));
      specs.add(entry(program.entry(lowered.name()), lowered));
    }
    return new ModelSpec(program.model(), List.copyOf(symbols.values()), specs);
  }

  /** What the entries of {@code program} keep, each once, in order of first mention. */
  static List<Variable> variables(Program program) {
    var found = new LinkedHashMap<String, Variable>();
    for (Entry e : program.entries()) {
      e.arguments().forEach(a -> note(found, a.name(), a.kind(), a.value()));
      e.results().forEach(r -> note(found, r.name(), r.kind(), r.value()));
    }
    return List.copyOf(found.values());
  }

  private static void note(Map<String, Variable> found, String name, Entry.Kind kind, Value value) {
    if (kind(kind).isVariable() && !found.containsKey(name)) {
      List<Long> shape = value.type().shape().dims().stream().map(Dim::constant).toList();
      found.put(name, new Variable(name, kind(kind), type(value.type().dtype()), shape));
    }
  }

  private static EntrySpec entry(Entry entry, CachedCode.Entry lowered) {
    Map<String, IndexRanges.Range> ranges = IndexRanges.of(entry);
    List<ArgumentSpec> arguments =
        entry.arguments().stream()
            .map(
                a ->
                    new ArgumentSpec(
                        a.name(),
                        kind(a.kind()),
                        type(a.value().type().dtype()),
                        shape(a.value().type().shape()),
                        Optional.ofNullable(ranges.get(a.name())).map(Specs::range)))
            .toList();
    List<ResultSpec> results =
        entry.results().stream()
            .map(
                r ->
                    new ResultSpec(
                        r.name(),
                        kind(r.kind()),
                        type(r.value().type().dtype()),
                        shape(r.value().type().shape()),
                        alias(r.aliases())))
            .toList();
    List<String> symbols = List.copyOf(lowered.symbols().keySet());
    return new EntrySpec(entry.name(), arguments, results, symbols, lowered.arenaBytes());
  }

  private static IndexRange range(IndexRanges.Range r) {
    return new IndexRange(r.count(), List.copyOf(r.others()));
  }

  private static int alias(OptionalInt aliases) {
    return aliases.orElse(-1);
  }

  private static List<DimSpec> shape(Shape shape) {
    return shape.dims().stream().map(Specs::dim).toList();
  }

  static DimSpec dim(Dim dim) {
    return new DimSpec(dim.factor(), dim.symbols().stream().map(Symbol::name).toList());
  }

  private static ElementType type(DType type) {
    return switch (type) {
      case F32 -> ElementType.F32;
      case F64 -> ElementType.F64;
      case I32 -> ElementType.I32;
      case I64 -> ElementType.I64;
      case BOOL -> ElementType.BOOL;
    };
  }

  private static Kind kind(Entry.Kind kind) {
    return switch (kind) {
      case INPUT -> Kind.INPUT;
      case PARAMETER -> Kind.PARAMETER;
      case STATE -> Kind.STATE;
      case OPTIMIZER_STATE -> Kind.OPTIMIZER_STATE;
      case SCALAR -> Kind.SCALAR;
      case OUTPUT -> Kind.OUTPUT;
      case LOSS -> Kind.LOSS;
      case METRIC -> Kind.METRIC;
      case TALLY -> Kind.TALLY;
      case TALLY_OF -> Kind.TALLY_OF;
      case FINITE -> Kind.FINITE;
    };
  }
}
