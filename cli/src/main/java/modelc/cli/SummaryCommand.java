package modelc.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import modelc.bundle.ExitCode;
import modelc.compiler.Compiler;
import modelc.frontend.Checked;
import modelc.frontend.ModelSummary;
import modelc.frontend.ModelSummary.Layer;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.passes.Target;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code modelc summary}: layers, shapes, parameters and where they come from, operations, memory.
 */
@Command(
    name = "summary",
    mixinStandardHelpOptions = true,
    description = "Shows layers, shapes, parameter counts with their derivation, FLOPs and memory.")
final class SummaryCommand implements Callable<Integer> {
  /** Columns of what stands before a fact. */
  private static final int LABEL = 12;

  @Mixin ModelArguments model;

  @Option(names = "--json", description = "One JSON object instead of the table.")
  boolean json;

  @Override
  public Integer call() throws IOException {
    Checked checked = model.load();
    // With AVX2, so that a summary says the same on every machine.
    Map<String, Long> memory = Compiler.scratchBytes(checked.program(), Target.AVX2);
    if (json) {
      Json.print(object(checked.summary(), memory));
    } else {
      System.out.print(text(checked.summary(), memory));
    }
    return ExitCode.OK.code();
  }

  private static Map<String, Object> object(ModelSummary s, Map<String, Long> memory) {
    var out = new LinkedHashMap<String, Object>();
    out.put("model", s.model());
    var parameters = new LinkedHashMap<String, Object>();
    parameters.put("total", s.totalParameters());
    parameters.put("trainable", s.trainableParameters());
    parameters.put("formula", s.formula());
    out.put("parameters", parameters);
    out.put("flops", s.flops());
    out.put("memory", memory);
    var layers = new ArrayList<Object>();
    for (Layer l : s.layers()) {
      var layer = new LinkedHashMap<String, Object>();
      layer.put("name", l.name());
      layer.put("op", l.op());
      layer.put(
          "input",
          l.inputs().size() == 1
              ? sizes(l.inputs().getFirst())
              : l.inputs().stream().map(SummaryCommand::sizes).toList());
      layer.put("output", sizes(l.output()));
      layer.put("parameters", l.parameters());
      layer.put("formula", l.formula());
      layer.put("windows", l.windows());
      l.field().ifPresent(field -> put(field, layer));
      layer.put("line", l.line());
      layers.add(layer);
    }
    out.put("layers", layers);
    return out;
  }

  private static void put(ModelSummary.ReceptiveField field, Map<String, Object> layer) {
    layer.put("receptive_field", oneOrAll(field.size()));
    if (field.stride().stream().allMatch(Optional::isPresent)) {
      layer.put("stride", oneOrAll(strides(field)));
    }
  }

  /** One number where all axes of space agree, else one for each. */
  private static Object oneOrAll(List<? extends Number> perAxis) {
    return perAxis.stream().distinct().count() == 1 ? perAxis.getFirst() : perAxis;
  }

  /** Whole numbers without a point. */
  private static List<Number> strides(ModelSummary.ReceptiveField field) {
    return field.stride().stream()
        .flatMap(Optional::stream)
        .<Number>map(s -> s == Math.rint(s) ? (Number) s.longValue() : s)
        .toList();
  }

  /** {@code 5}, or {@code 5 x 3} where the axes differ. */
  private static String text(List<? extends Number> perAxis) {
    List<String> each =
        perAxis.stream()
            .map(n -> n instanceof Double d ? String.format(Locale.ROOT, "%.3g", d) : n.toString())
            .toList();
    return each.stream().distinct().count() == 1 ? each.getFirst() : String.join(" x ", each);
  }

  private static List<Object> sizes(Shape shape) {
    return shape.dims().stream()
        .<Object>map(d -> d.isConstant() ? d.constant() : d.toString())
        .toList();
  }

  private static String text(ModelSummary s, Map<String, Long> memory) {
    var table = new Table("layer", "op", "output", ">field", ">stride", ">parameters");
    var derivations = new ArrayList<List<String>>();
    for (Layer l : s.layers()) {
      var derivation = new ArrayList<>(l.windows().stream().distinct().toList());
      if (!l.formula().isEmpty()) {
        derivation.add(l.formula());
      }
      derivations.add(derivation);
      table.row(
          l.name(),
          l.op(),
          shape(l.output()),
          l.field().map(f -> text(f.size())).orElse(""),
          l.field()
              .filter(f -> f.stride().stream().allMatch(Optional::isPresent))
              .map(f -> text(strides(f)))
              .orElse(""),
          l.parameters() == 0 ? "" : String.format(Locale.ROOT, "%,d", l.parameters()));
    }
    var out = new StringBuilder(s.model()).append("\n\n");
    List<String> rows = table.toString().lines().toList();
    out.append(rows.getFirst()).append('\n');
    for (int i = 0; i < derivations.size(); i++) {
      out.append(rows.get(i + 1)).append('\n');
      derivations.get(i).forEach(d -> out.append(Columns.wrapped("    " + d)).append('\n'));
    }
    out.append('\n');
    if (s.layers().stream().anyMatch(l -> l.field().isPresent())) {
      line(out, "field       pixels of the image that one element sees, borders not counted");
      line(out, "stride      pixels from what one element sees to what the next one sees");
    }
    line(
        out,
        "parameters  %,d%s",
        s.totalParameters(),
        s.trainableParameters() == s.totalParameters()
            ? ", all trained"
            : String.format(Locale.ROOT, ", %,d of them trained", s.trainableParameters()));
    line(out, "weights     %s", bytes(4 * s.totalParameters()));
    line(
        out,
        "forward     %,d FLOPs an example (products and convolutions, multiply-add = 2)",
        s.flops());
    if (memory.containsKey("infer")) {
      line(out, "inference   %s of scratch memory, beside the weights", bytes(memory.get("infer")));
    }
    if (memory.containsKey("train")) {
      line(
          out,
          "training    %s of scratch memory, beside weights and optimizer states",
          bytes(memory.get("train")));
    }
    return out.toString();
  }

  private static void line(StringBuilder out, String format, Object... arguments) {
    out.append(Columns.wrapped(String.format(Locale.ROOT, format, arguments), LABEL)).append('\n');
  }

  private static String shape(Shape shape) {
    return shape.dims().stream().map(Dim::toString).collect(Collectors.joining(" x "));
  }

  /** {@code 1.5 MiB}. */
  static String bytes(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    double value = bytes;
    String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
  }
}
