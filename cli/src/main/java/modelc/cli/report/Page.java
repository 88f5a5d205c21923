package modelc.cli.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import modelc.cli.Progress;
import modelc.frontend.ModelSummary;
import modelc.ir.Dim;
import modelc.runtime.Measured;

/** The page about a run, from top to bottom. How its parts are drawn is in their own files. */
final class Page {
  /** Layers shown without being folded up. */
  private static final int UNFOLDED = 40;

  private static final String END =
      "<footer>Written by modelc; this page needs no network.</footer>\n";

  /** How often an open page of a running run looks again, in seconds. */
  private static final int REFRESH = 10;

  /**
   * Where the run is.
   *
   * @param alert whether that is bad news
   */
  record State(String words, boolean alert, boolean running) {
    static State running(int epoch, long epochs) {
      return new State("running: epoch " + epoch + " of " + epochs + " is done", false, true);
    }
  }

  private final Facts facts;
  private final History history;
  private final int bestEpoch;

  Page(Facts facts, History history, int bestEpoch) {
    this.facts = facts;
    this.history = history;
    this.bestEpoch = bestEpoch;
  }

  /**
   * @param end facts known in the end, by name
   * @param samples HTML of the sample predictions
   */
  String html(
      State state,
      SequencedMap<String, String> end,
      SequencedMap<String, Measured.Table> tables,
      String samples) {
    var out = new StringBuilder();
    begin(out, facts.summary().model(), facts.file(), state);
    out.append(cards()).append(inWords());
    section(out, "Curves", charts());
    section(out, "Sample predictions", samples);
    section(out, "Metrics in detail", MetricTables.html(tables, facts.classes()));
    section(out, "Parameters", parameters());
    section(out, "Time", time(end));
    return out.append(END).toString();
  }

  /**
   * A page about an evaluation.
   *
   * @param data what {@code measured} was measured on, in words
   * @param shown HTML of the sample predictions
   */
  static String evaluation(
      String model,
      String file,
      Measured measured,
      String data,
      List<String> classes,
      String shown) {
    var out = new StringBuilder();
    var state = new State("evaluated on " + data, false, false);
    begin(out, model, file, state);
    out.append("<div class=cards>");
    measured.numbers().forEach((n, x) -> card(out, Html.number(x), n.replace('_', ' ')));
    out.append("</div>\n");
    section(out, "Sample predictions", shown);
    section(out, "Metrics in detail", MetricTables.html(measured.tables(), classes));
    return out.append(END).toString();
  }

  /** The head and the title; the policy lets a page load nothing and run nothing. */
  private static void begin(StringBuilder out, String model, String file, State state) {
    String name = Html.text(model);
    out.append("<!doctype html>\n<html lang=en><meta charset=utf-8>");
    out.append("<meta http-equiv=Content-Security-Policy content=\"default-src 'none';");
    out.append(" img-src data:; style-src 'unsafe-inline'\">");
    out.append("<meta name=viewport content=\"width=device-width\">");
    if (state.running) {
      out.append("<meta http-equiv=refresh content=").append(REFRESH).append('>');
    }
    out.append("<link rel=icon href=\"data:,\"><title>").append(name).append("</title><style>");
    out.append(style()).append("</style>\n<h1>").append(name).append("</h1><p class=");
    out.append(state.alert ? "alert>" : "sub>").append(Html.text(file)).append(" · ");
    out.append(Html.text(state.words)).append("</p>\n");
  }

  private static void section(StringBuilder out, String title, String body) {
    if (!body.isEmpty()) {
      out.append("<section><h2>").append(title).append("</h2>\n").append(body);
      out.append("</section>\n");
    }
  }

  private static String style() {
    try (InputStream in = Page.class.getResourceAsStream("report.css")) {
      return new String(
          java.util.Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String cards() {
    var out = new StringBuilder("<div class=cards>");
    card(out, Html.count(facts.summary().totalParameters()), "parameters");
    history.rows().stream()
        .filter(r -> r.epoch() == bestEpoch)
        .findFirst()
        .ifPresent(
            best -> {
              card(out, bestEpoch + " of " + facts.recipe().epochs(), "best epoch");
              best.metrics().forEach((n, x) -> card(out, Html.number(x), n.replace('_', ' ')));
            });
    return out.append("</div>\n").toString();
  }

  private static void card(StringBuilder out, String number, String what) {
    out.append("<div><b>").append(number).append("</b><span>");
    out.append(Html.text(what)).append("</span></div>");
  }

  private String inWords() {
    ModelSummary s = facts.summary();
    var out = new StringBuilder("<p>A network of ");
    out.append(Html.count(s.totalParameters())).append(" parameters, ");
    out.append(
        s.trainableParameters() == s.totalParameters()
            ? "all trained"
            : Html.count(s.trainableParameters()) + " of them trained");
    out.append(", in ").append(s.layers().size()).append(" layers; ");
    out.append(Html.count(s.flops())).append(" operations for an example, forward (products and");
    out.append(" convolutions, a multiply-add being 2). It learns from ");
    out.append(Html.count(facts.samples())).append(" examples, ");
    out.append(Html.count(facts.batches())).append(facts.batches() == 1 ? " step" : " steps");
    out.append(" an epoch");
    if (facts.validation() > 0) {
      out.append(", and is judged by ").append(Html.count(facts.validation())).append(" others");
    }
    out.append(".</p>\n<dl>");
    facts.set().forEach((name, value) -> term(out, name, value));
    var keys = new LinkedHashMap<>(facts.recipe().written());
    keys.putIfAbsent("batch", Long.toString(facts.recipe().batch()));
    keys.putIfAbsent("epochs", Long.toString(facts.recipe().epochs()));
    keys.putIfAbsent("seed", Long.toString(facts.recipe().seed()));
    keys.forEach((key, value) -> term(out, key, value));
    out.append("</dl>\n");
    facts.notes().forEach(n -> out.append("<p class=note>").append(Html.text(n)).append("</p>"));
    return out.toString();
  }

  private static void term(StringBuilder out, String name, String value) {
    out.append("<dt>").append(Html.text(name)).append("<dd><code>");
    out.append(Html.text(value)).append("</code>");
  }

  private String charts() {
    var out = new StringBuilder();
    Set<String> names = new LinkedHashSet<>();
    for (History.Row r : history.rows()) {
      r.metrics().keySet().forEach(n -> names.add(n.startsWith("val_") ? n.substring(4) : n));
    }
    for (String name : names) {
      var curves = new ArrayList<LineChart.Curve>();
      curves.add(curve("training", "a", r -> metric(r, name)));
      if (history.rows().stream().anyMatch(r -> r.metrics().containsKey("val_" + name))) {
        curves.add(curve("validation", "b", r -> metric(r, "val_" + name)));
      }
      String title = name.replace('_', ' ');
      out.append(LineChart.figure(title, "epoch", title, curves));
    }
    long step = history.rows().isEmpty() ? 0 : history.rows().getLast().step();
    out.append(RateChart.figure(facts, step));
    return out.isEmpty() ? "" : "<div class=charts>" + out + "</div>\n";
  }

  private static double metric(History.Row r, String name) {
    return r.metrics().getOrDefault(name, Double.NaN);
  }

  private LineChart.Curve curve(String name, String style, ToDoubleFunction<History.Row> y) {
    return new LineChart.Curve(
        name,
        style,
        history.rows().stream().mapToDouble(History.Row::epoch).toArray(),
        history.rows().stream().mapToDouble(y).toArray());
  }

  private String parameters() {
    List<ModelSummary.Layer> layers = facts.summary().layers();
    long total = Math.max(1, facts.summary().totalParameters());
    var rows = new ArrayList<List<String>>();
    for (ModelSummary.Layer l : layers) {
      boolean none = l.parameters() == 0;
      rows.add(
          List.of(
              Html.text(l.name()),
              Html.text(l.op()),
              Html.text(String.join(" × ", l.output().dims().stream().map(Dim::toString).toList())),
              none ? "" : Html.count(l.parameters()),
              none ? "" : Html.percent((double) l.parameters() / total),
              Html.text(l.formula())));
    }
    rows.add(
        List.of(
            "<b>total</b>",
            "",
            "",
            "<b>" + Html.count(facts.summary().totalParameters()) + "</b>",
            "",
            ""));
    String table =
        Html.table(List.of("layer", "op", "output", ">parameters", ">share", "derivation"), rows);
    return layers.size() > UNFOLDED
        ? Html.folded(
            layers.size() + " layers, " + Html.count(facts.summary().totalParameters()), table)
        : table;
  }

  private String time(SequencedMap<String, String> end) {
    var facts = new LinkedHashMap<String, String>();
    facts.put("native code", this.facts.compiled());
    facts.put(
        "training", history.rows().size() + " epochs in " + Progress.duration(history.seconds()));
    facts.put(
        "waited for data",
        Html.percent(history.waited()) + " of the training time: in it no batch was ready");
    facts.put(
        "threads",
        this.facts.threads()
            + " compute; "
            + this.facts.dataThreads()
            + (this.facts.costly()
                ? " decode and change pictures beside them"
                : " copies examples into batches beside them"));
    facts.putAll(end);
    var out = new StringBuilder("<dl>");
    facts.forEach(
        (name, value) -> out.append("<dt>" + Html.text(name) + "<dd>" + Html.text(value)));
    return out.append("</dl>\n").append(epochs()).toString();
  }

  private String epochs() {
    if (history.rows().isEmpty()) {
      return "";
    }
    List<String> names = List.copyOf(history.rows().getLast().metrics().keySet());
    var titles = new ArrayList<String>(List.of(">epoch"));
    names.forEach(n -> titles.add(">" + n.replace('_', ' ')));
    titles.addAll(List.of(">seconds", ">examples/s", ">waited"));
    var rows = new ArrayList<List<String>>();
    int every = Math.ceilDiv(history.rows().size(), 500);
    for (History.Row r : history.rows()) {
      if (r.epoch() % every != 0) {
        continue;
      }
      var row = new ArrayList<String>(List.of(Integer.toString(r.epoch())));
      names.forEach(n -> row.add(Html.number(metric(r, n))));
      row.add(String.format(Locale.ROOT, "%.2f", r.seconds()));
      row.add(Double.isNaN(r.samplesPerSecond()) ? "–" : Html.count((long) r.samplesPerSecond()));
      row.add(Html.percent(r.waited()));
      rows.add(row);
    }
    return Html.folded("Every epoch", Html.table(titles, rows));
  }
}
