package modelc.cli.report;

import java.awt.image.BufferedImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import modelc.cli.picture.Answer;
import modelc.cli.picture.Outputs;
import modelc.cli.picture.Paint;
import modelc.cli.picture.Plane;
import modelc.data.DataSet;
import modelc.runtime.Column;
import modelc.runtime.Permutation;
import modelc.runtime.Predictor;
import modelc.runtime.Session;
import modelc.runtime.Tensor;

/**
 * What a model says of a few examples, the same ones all through a run, beside what is true: as
 * pictures where they are pictures, else as a table.
 */
public final class Samples {
  private static final int PICTURES = 24;
  private static final int MASKS = 6;
  private static final int ROWS = 12;

  /** Numbers of an example shown in a table; of more there are these and an ellipsis. */
  private static final int NUMBERS = 6;

  /** The longest side of a picture in the page, and the shortest width it is shown with. */
  private static final int SIDE = 224;

  private static final int LEAST = 96;
  private static final int LEAST_OF_MASKS = 128;

  private final Outputs outputs;
  private final List<String> classes;
  private final Predictor predictor;
  private final Map<String, Tensor> columns = new LinkedHashMap<>();
  private final Map<Integer, String> drawn = new LinkedHashMap<>();
  private final int count;
  private final boolean pictures;

  /**
   * Reads the examples: drawn from all of {@code set}, for it may be in the order of its classes,
   * but the same ones for every run.
   *
   * @param session with the weights to use, whatever they are by then
   */
  public Samples(DataSet set, Outputs outputs, Session session) {
    this.outputs = outputs;
    this.classes = set.classNames();
    this.predictor = new Predictor(session);
    List<Column> all = set.columns();
    this.pictures =
        all.stream()
            .anyMatch(
                c ->
                    c.name().equals("image")
                        && c.shape().size() == 3
                        && (c.shape().getFirst() == 1 || c.shape().getFirst() == 3));
    boolean masks = all.stream().anyMatch(c -> c.name().equals("mask"));
    this.count = (int) Math.min(set.size(), pictures ? masks ? MASKS : PICTURES : ROWS);
    Arena arena = Arena.ofAuto();
    var memory = new ArrayList<MemorySegment>();
    for (Column c : all) {
      var shape = new ArrayList<>(List.of((long) count));
      shape.addAll(c.shape());
      memory.add(arena.allocate(count * c.bytes(), Long.BYTES));
      columns.put(c.name(), Tensor.wrap(c.type(), shape, memory.getLast()));
    }
    int[] order = count < set.size() ? Permutation.of(set.size(), 1, 0) : null;
    for (int k = 0; k < count; k++) {
      var rows = new MemorySegment[all.size()];
      for (int c = 0; c < rows.length; c++) {
        long bytes = all.get(c).bytes();
        rows[c] = memory.get(c).asSlice(k * bytes, bytes);
      }
      set.read(order == null ? k : order[k], 0, rows);
    }
  }

  /** What the weights say by now. */
  public String html() {
    try (Arena arena = Arena.ofConfined()) {
      Map<String, Tensor> said = predictor.predict(columns, arena);
      if (!pictures) {
        return table(said);
      }
      var out = new StringBuilder();
      if (columns.containsKey("box")) {
        out.append("<p class=note>Boxes: dashed green the true one, orange the predicted one.</p>");
      }
      out.append("<div class=samples>");
      for (int k = 0; k < count; k++) {
        out.append(figure(k, outputs.answer(said, k)));
      }
      return out.append("</div>\n").toString();
    }
  }

  private Optional<Plane> truth(String column, int k) {
    return Optional.ofNullable(columns.get(column)).map(t -> Outputs.plane(t, k));
  }

  private String figure(int k, Answer answer) {
    BufferedImage picture = Paint.within(Paint.image(truth("image", k).orElseThrow()), SIDE);
    var shown = new StringBuilder();
    var words = new ArrayList<String>();
    String overlay = answer.box().map(b -> boxes(b, k, words)).orElse("");
    boolean wide = answer.mask().isPresent() || answer.picture().isPresent();
    int least = wide || !overlay.isEmpty() ? LEAST_OF_MASKS : LEAST;
    shown.append(img(k, picture, least, overlay, wide ? "picture" : ""));
    answer
        .mask()
        .ifPresent(
            m -> {
              truth("mask", k)
                  .ifPresent(t -> shown.append(img(Paint.masked(picture, t), "true mask")));
              shown.append(img(Paint.masked(picture, m.classes()), "predicted mask"));
            });
    answer
        .picture()
        .ifPresent(
            p -> shown.append(img(Paint.within(Paint.image(p), SIDE), "what is made of it")));
    answer.shares().ifPresent(s -> words.addFirst(named(s, k)));
    return "<figure"
        + (wide ? " class=wide" : "")
        + "><div class=pictures>"
        + shown
        + "</div><figcaption>"
        + String.join("<br>", words)
        + "</figcaption></figure>\n";
  }

  /** The class said, in the colour of right or wrong, and the true one where it is another. */
  private String named(float[] shares, int k) {
    int said = Answer.likeliest(shares);
    int label = truth("label", k).map(p -> (int) p.values()[0]).orElse(-1);
    return "<b class="
        + (label < 0 ? "said" : said == label ? "ok" : "no")
        + ">"
        + Html.text(Outputs.className(classes, said))
        + "</b> "
        + Html.percent(shares[said])
        + (label < 0 || said == label
            ? ""
            : "<br>is " + Html.text(Outputs.className(classes, label)));
  }

  private String boxes(float[] said, int k, List<String> words) {
    Optional<float[]> label = truth("box", k).map(Plane::values);
    label.ifPresent(t -> words.add("overlap (IoU) " + Html.number(overlap(said, t))));
    return "<svg viewBox=\"0 0 1 1\" preserveAspectRatio=none>"
        + label.map(t -> rectangle("true", t)).orElse("")
        + rectangle("said", said)
        + "</svg>";
  }

  private static String rectangle(String style, float[] b) {
    return String.format(
        Locale.ROOT,
        "<rect class=\"box %s\" x=\"%.4f\" y=\"%.4f\" width=\"%.4f\" height=\"%.4f\"/>",
        style,
        finite(b[0] - b[2] / 2),
        finite(b[1] - b[3] / 2),
        Math.max(0, finite(b[2])),
        Math.max(0, finite(b[3])));
  }

  private static double finite(double x) {
    return Double.isFinite(x) ? x : 0;
  }

  /** Intersection over union of two boxes. */
  static double overlap(float[] a, float[] b) {
    double common = 1;
    for (int axis = 0; axis < 2; axis++) {
      double low = Math.max(a[axis] - a[axis + 2] / 2, b[axis] - b[axis + 2] / 2);
      double high = Math.min(a[axis] + a[axis + 2] / 2, b[axis] + b[axis + 2] / 2);
      common *= Math.max(0, high - low);
    }
    return common / ((double) a[2] * a[3] + (double) b[2] * b[3] - common);
  }

  private static String img(BufferedImage image, String title) {
    int width = Math.max(LEAST_OF_MASKS, image.getWidth());
    return img(Paint.dataAddress(image), width, "", title);
  }

  /** The picture itself, which stays the same, is encoded once. */
  private String img(int k, BufferedImage image, int least, String overlay, String title) {
    String address = drawn.computeIfAbsent(k, _ -> Paint.dataAddress(image));
    return img(address, Math.max(least, image.getWidth()), overlay, title);
  }

  private static String img(String address, int width, String overlay, String title) {
    return "<div><img alt=\"\" width="
        + width
        + " src=\""
        + address
        + "\">"
        + overlay
        + (title.isEmpty() ? "" : "<span>" + title + "</span>")
        + "</div>";
  }

  private String table(Map<String, Tensor> said) {
    var titles = new ArrayList<String>();
    columns.keySet().forEach(titles::add);
    var rows = new ArrayList<List<String>>();
    for (int k = 0; k < count; k++) {
      var row = new ArrayList<String>();
      for (Map.Entry<String, Tensor> c : columns.entrySet()) {
        float[] values = Outputs.row(c.getValue(), k);
        row.add(
            c.getKey().equals("label")
                ? Html.text(Outputs.className(classes, (int) values[0]))
                : numbers(values));
      }
      Answer answer = outputs.answer(said, k);
      int sample = k;
      answer
          .shares()
          .ifPresent(
              s -> {
                addTitle(titles, sample, "predicted");
                row.add(named(s, sample));
              });
      answer
          .numbers()
          .forEach(
              (name, values) -> {
                addTitle(titles, sample, name + " (output)");
                row.add(numbers(values));
              });
      rows.add(row);
    }
    return Html.table(titles, rows);
  }

  private static void addTitle(List<String> titles, int row, String title) {
    if (row == 0) {
      titles.add(title);
    }
  }

  private static String numbers(float[] values) {
    var shown = new ArrayList<String>();
    for (int i = 0; i < Math.min(values.length, NUMBERS); i++) {
      shown.add(Html.number(values[i]));
    }
    return String.join(", ", shown) + (values.length > NUMBERS ? ", …" : "");
  }
}
