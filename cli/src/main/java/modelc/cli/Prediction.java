package modelc.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import modelc.cli.picture.Answer;
import modelc.cli.picture.Outputs;
import modelc.cli.picture.Plane;

/**
 * What a model said of one picture file, and how it is told.
 *
 * @param path in the folder or zip file it was found in
 * @param shares of each class
 * @param mask the class of each pixel of the file's picture
 * @param box centre x, y, width, height in shares of the file's picture
 * @param made a picture the model makes
 * @param numbers other outputs
 * @param count how many classes there are; {@code classes}: their names, if they are known
 */
record Prediction(
    String path,
    int height,
    int width,
    Optional<float[]> shares,
    Optional<Plane> mask,
    Optional<float[]> box,
    Optional<Plane> made,
    SequencedMap<String, float[]> numbers,
    int count,
    List<String> classes) {
  /** Classes told with their probabilities. */
  private static final int TOP = 5;

  /** {@code 87 % cat}. */
  String caption() {
    float[] s = shares.orElseThrow();
    int c = Answer.likeliest(s);
    return String.format(
        Locale.ROOT,
        "%.0f %% %s%s",
        100 * s[c],
        classes.isEmpty() ? "class " : "",
        Outputs.className(classes, c));
  }

  /** For people: a line. */
  String line() {
    var words = new ArrayList<String>(List.of(path));
    if (shares.isPresent()) {
      words.add(caption());
    }
    corners().ifPresent(b -> words.add("box " + numbers(b)));
    pixels()
        .forEach(
            (name, share) ->
                words.add(String.format(Locale.ROOT, "%s %.1f %%", name, 100 * share)));
    return String.join("  ", words);
  }

  private static String numbers(SequencedMap<String, Double> named) {
    var out = new ArrayList<String>();
    named.forEach((name, x) -> out.add(String.format(Locale.ROOT, "%s %.0f", name, x)));
    return String.join(" ", out);
  }

  /** The box in pixels of the file's picture. */
  private Optional<SequencedMap<String, Double>> corners() {
    return box.map(
        b -> {
          var named = new LinkedHashMap<String, Double>();
          named.put("left", (b[0] - b[2] / 2.0) * width);
          named.put("top", (b[1] - b[3] / 2.0) * height);
          named.put("width", (double) b[2] * width);
          named.put("height", (double) b[3] * height);
          return named;
        });
  }

  /** The share of each class among the pixels. */
  private SequencedMap<String, Double> pixels() {
    var shares = new LinkedHashMap<String, Double>();
    mask.ifPresent(
        m -> {
          var counts = new long[Math.max(2, count)];
          for (float c : m.values()) {
            counts[(int) c]++;
          }
          for (int c = 0; c < counts.length; c++) {
            shares.put("class " + c, (double) counts[c] / m.values().length);
          }
        });
    return shares;
  }

  /** One object: for {@code --json}. */
  SequencedMap<String, Object> object() {
    var o = new LinkedHashMap<String, Object>();
    o.put("file", path);
    shares.ifPresent(
        s -> {
          o.put("class", Outputs.className(classes, Answer.likeliest(s)));
          o.put("probability", rounded(s[Answer.likeliest(s)]));
          var top = new LinkedHashMap<String, Object>();
          IntStream.range(0, s.length)
              .boxed()
              .sorted((a, b) -> Float.compare(s[b], s[a]))
              .limit(TOP)
              .forEach(c -> top.put(Outputs.className(classes, c), rounded(s[c])));
          o.put("top", top);
        });
    corners().ifPresent(b -> o.put("box", rounded(b)));
    if (mask.isPresent()) {
      o.put("pixels", rounded(pixels()));
    }
    numbers.forEach(
        (name, values) ->
            o.put(
                name,
                IntStream.range(0, values.length).mapToObj(i -> rounded(values[i])).toList()));
    return o;
  }

  private static Map<String, Double> rounded(SequencedMap<String, Double> named) {
    var out = new LinkedHashMap<String, Double>();
    named.forEach((name, x) -> out.put(name, rounded(x)));
    return out;
  }

  /** To six digits: what a reader can use, and no noise. */
  private static double rounded(double x) {
    return Double.isFinite(x) ? Double.parseDouble(String.format(Locale.ROOT, "%.6g", x)) : x;
  }

  /** The cells of a line of CSV, by column. */
  SequencedMap<String, String> cells() {
    var cells = new LinkedHashMap<String, String>();
    object()
        .forEach(
            (name, value) -> {
              switch (value) {
                case Map<?, ?> m when name.equals("top") -> {}
                case Map<?, ?> m -> m.forEach((k, v) -> cells.put(k.toString(), v.toString()));
                case List<?> l -> {
                  for (int i = 0; i < l.size(); i++) {
                    cells.put(l.size() == 1 ? name : name + "_" + i, l.get(i).toString());
                  }
                }
                default -> cells.put(name, value.toString());
              }
            });
    return cells;
  }
}
