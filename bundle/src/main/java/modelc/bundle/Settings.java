package modelc.bundle;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.data.Data;
import modelc.data.DataSet;
import modelc.data.DataSets;
import modelc.data.Request;
import modelc.data.Step;
import modelc.runtime.Column;
import modelc.runtime.DataException;
import modelc.runtime.EarlyStopping;
import modelc.runtime.ElementType;
import modelc.runtime.FileException;

/**
 * The recipe of a bundled model, as a JSON file beside its library: what the front end read from
 * the {@code train} block and the compiled code does not hold.
 *
 * @param data what to train on
 * @param validation other data to judge each epoch by
 * @param share of the data to judge each epoch by instead, 0: none
 */
public record Settings(
    Request data,
    Optional<Request> validation,
    double share,
    int batch,
    int epochs,
    long seed,
    Optional<EarlyStopping> stop) {

  /**
   * Data, opened.
   *
   * @param notes what the user should know of what was read
   */
  public record Sets(
      DataSet train, Optional<DataSet> validation, Optional<DataSet> test, List<String> notes) {
    /** What to measure weights on: what was set aside for that, else validation, else all. */
    public DataSet judged() {
      return test.or(() -> validation).orElse(train);
    }
  }

  /** Opens the data. */
  public Sets open() {
    DataSets all = Data.open(data);
    if (validation.isPresent()) {
      DataSets given = Data.open(validation.get());
      var notes = new ArrayList<>(all.notes());
      notes.addAll(given.notes());
      return new Sets(all.train(), Optional.of(given.train()), all.test(), notes);
    }
    if (share == 0) {
      return new Sets(all.train(), Optional.empty(), all.test(), all.notes());
    }
    DataSet.Split split = all.train().split(share, seed);
    return new Sets(
        split.train(),
        Optional.of(split.validation()).filter(v -> v.size() > 0),
        all.test(),
        all.notes());
  }

  /** Writes it. */
  public void write(Path file) throws IOException {
    var o = new JsonObject();
    o.add("data", request(data));
    validation.ifPresent(v -> o.add("validation", request(v)));
    o.addProperty("share", share);
    o.addProperty("batch", batch);
    o.addProperty("epochs", epochs);
    o.addProperty("seed", seed);
    stop.ifPresent(s -> o.add("stop", stop(s)));
    Files.writeString(file, new GsonBuilder().setPrettyPrinting().create().toJson(o) + "\n");
  }

  /**
   * Reads it.
   *
   * @param folder where relative paths of the data start
   */
  static Settings read(Path file, Path folder) {
    try {
      JsonObject o = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      long seed = o.get("seed").getAsLong();
      return new Settings(
          request(o.getAsJsonObject("data"), folder, seed),
          o.has("validation")
              ? Optional.of(request(o.getAsJsonObject("validation"), folder, seed))
              : Optional.empty(),
          o.get("share").getAsDouble(),
          o.get("batch").getAsInt(),
          o.get("epochs").getAsInt(),
          seed,
          o.has("stop") ? Optional.of(stop(o.getAsJsonObject("stop"))) : Optional.empty());
    } catch (JsonParseException | IllegalStateException | NullPointerException e) {
      throw new DataException(
          "R0712",
          file + " is no recipe of a bundle: " + e.getMessage(),
          "make the bundle anew",
          e);
    } catch (IOException e) {
      throw FileException.cannotRead(file, e);
    }
  }

  private static JsonObject stop(EarlyStopping s) {
    var o = new JsonObject();
    o.addProperty("monitor", s.monitor());
    o.addProperty("patience", s.patience());
    o.addProperty("maximize", s.maximize());
    o.addProperty("min_delta", s.minDelta());
    o.addProperty("restore_best", s.restoreBest());
    return o;
  }

  private static EarlyStopping stop(JsonObject o) {
    return new EarlyStopping(
        o.get("monitor").getAsString(),
        o.get("patience").getAsInt(),
        o.get("maximize").getAsBoolean(),
        o.get("min_delta").getAsDouble(),
        o.get("restore_best").getAsBoolean());
  }

  private static JsonObject request(Request r) {
    var o = new JsonObject();
    o.add("source", step(r.source()));
    var transforms = new JsonArray();
    r.transforms().forEach(t -> transforms.add(step(t)));
    o.add("transforms", transforms);
    var inputs = new JsonArray();
    for (Column c : r.inputs()) {
      var column = new JsonObject();
      column.addProperty("name", c.name());
      column.addProperty("type", c.type().name());
      var shape = new JsonArray();
      c.shape().forEach(shape::add);
      column.add("shape", shape);
      inputs.add(column);
    }
    o.add("inputs", inputs);
    return o;
  }

  private static Request request(JsonObject o, Path folder, long seed) {
    var transforms = new ArrayList<Step>();
    o.getAsJsonArray("transforms").forEach(t -> transforms.add(step(t.getAsJsonObject())));
    var inputs = new ArrayList<Column>();
    for (JsonElement e : o.getAsJsonArray("inputs")) {
      JsonObject c = e.getAsJsonObject();
      var shape = new ArrayList<Long>();
      c.getAsJsonArray("shape").forEach(d -> shape.add(d.getAsLong()));
      inputs.add(
          new Column(
              c.get("name").getAsString(),
              ElementType.valueOf(c.get("type").getAsString()),
              shape));
    }
    return new Request(step(o.getAsJsonObject("source")), transforms, inputs, folder, seed);
  }

  private static JsonObject step(Step s) {
    var o = new JsonObject();
    o.addProperty("step", s.name());
    var arguments = new JsonArray();
    s.arguments().forEach(a -> arguments.add(argument(a)));
    o.add("arguments", arguments);
    var named = new JsonObject();
    s.named().forEach((name, value) -> named.add(name, argument(value)));
    o.add("named", named);
    return o;
  }

  private static Step step(JsonObject o) {
    var arguments = new ArrayList<Object>();
    o.getAsJsonArray("arguments").forEach(a -> arguments.add(argument(a)));
    Map<String, Object> named = new LinkedHashMap<>();
    o.getAsJsonObject("named")
        .entrySet()
        .forEach(e -> named.put(e.getKey(), argument(e.getValue())));
    return new Step(o.get("step").getAsString(), arguments, named);
  }

  private static JsonElement argument(Object value) {
    return switch (value) {
      case Step s -> step(s);
      case List<?> l -> {
        var all = new JsonArray();
        l.forEach(x -> all.add(argument((Object) x)));
        yield all;
      }
      case Boolean b -> new JsonPrimitive(b);
      case Number n -> new JsonPrimitive(n);
      default -> new JsonPrimitive(value.toString());
    };
  }

  /** A number with a point is a Double, as the language has it, and one without a Long. */
  private static Object argument(JsonElement e) {
    if (e.isJsonObject()) {
      return step(e.getAsJsonObject());
    }
    if (e.isJsonArray()) {
      var all = new ArrayList<Object>();
      e.getAsJsonArray().forEach(x -> all.add(argument(x)));
      return all;
    }
    JsonPrimitive p = e.getAsJsonPrimitive();
    if (p.isBoolean()) {
      return p.getAsBoolean();
    }
    if (p.isString()) {
      return p.getAsString();
    }
    String text = p.getAsString();
    if (text.matches("-?\\d+")) {
      return Long.valueOf(text);
    }
    return Double.valueOf(text);
  }
}
