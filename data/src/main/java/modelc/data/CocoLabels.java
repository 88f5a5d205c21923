package modelc.data;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import modelc.runtime.DataException;
import modelc.runtime.FileException;

/**
 * Boxes in a JSON file as COCO writes them: {@code images} with id, file_name, width and height,
 * {@code annotations} with image_id, category_id and bbox (left, top, width, height in pixels),
 * {@code categories} with id and name. Classes are numbered in the order of the categories' ids.
 * Crowds are left out; everything else in the file is skipped.
 */
final class CocoLabels implements BoxedPictures.Labels {
  private record Image(String file, double width, double height) {}

  private record Annotation(long image, long category, double[] box) {}

  private final Path file;
  private final Map<Long, Image> images = new HashMap<>();
  private final List<Annotation> annotations = new ArrayList<>();
  private final TreeMap<Long, String> categories = new TreeMap<>();
  private final Map<String, List<BoxedPictures.Labelled>> boxes = new HashMap<>();

  private CocoLabels(Path file) {
    this.file = file;
  }

  /** Reads the whole file, of any size: what is not wanted takes no memory. */
  static CocoLabels read(Path file) {
    var labels = new CocoLabels(file);
    try (Reader in = Files.newBufferedReader(file)) {
      labels.parse(new JsonReader(in));
    } catch (JsonReader.Malformed e) {
      throw labels.damaged(String.valueOf(e.getMessage())).at(file + ", character " + e.at);
    } catch (java.nio.charset.CharacterCodingException e) {
      throw labels.damaged("it is not UTF-8 text");
    } catch (IOException e) {
      boolean missing = e instanceof java.nio.file.NoSuchFileException;
      throw new FileException(
          "D0507",
          missing ? "there is no file " + file : "cannot read " + file + ": " + e.getMessage(),
          "check the path; " + Request.RELATIVE,
          e);
    }
    labels.resolve();
    return labels;
  }

  private DataException damaged(String what) {
    return new DataException(
        "D0506",
        file + " is no sound COCO file: " + what,
        "it needs images, annotations and categories as COCO's instances_*.json has them");
  }

  private void parse(JsonReader in) throws IOException, JsonReader.Malformed {
    in.object(
        key -> {
          switch (key) {
            case "images" -> in.array(() -> image(in));
            case "annotations" -> in.array(() -> annotation(in));
            case "categories" -> in.array(() -> category(in));
            default -> in.skip();
          }
        });
    in.end();
  }

  private void image(JsonReader in) throws IOException, JsonReader.Malformed {
    var n = new double[] {-1, -1, -1};
    var name = new String[] {""};
    in.object(
        key -> {
          switch (key) {
            case "id" -> n[0] = in.number();
            case "width" -> n[1] = in.number();
            case "height" -> n[2] = in.number();
            case "file_name" -> name[0] = in.string();
            default -> in.skip();
          }
        });
    if (n[0] < 0 || !(n[1] > 0) || !(n[2] > 0) || name[0].isEmpty()) {
      throw damaged("an image lacks its id, file_name, width or height");
    }
    images.put((long) n[0], new Image(name[0], n[1], n[2]));
  }

  private void annotation(JsonReader in) throws IOException, JsonReader.Malformed {
    var n = new double[] {-1, -1, 0};
    var box = new ArrayList<Double>();
    in.object(
        key -> {
          switch (key) {
            case "image_id" -> n[0] = in.number();
            case "category_id" -> n[1] = in.number();
            case "iscrowd" -> n[2] = in.number();
            case "bbox" -> in.array(() -> box.add(in.number()));
            default -> in.skip();
          }
        });
    if (n[0] < 0 || n[1] < 0 || box.size() != 4) {
      throw damaged("an annotation lacks its image_id, category_id or bbox");
    }
    if (n[2] == 0) {
      annotations.add(
          new Annotation(
              (long) n[0], (long) n[1], box.stream().mapToDouble(Double::doubleValue).toArray()));
    }
  }

  private void category(JsonReader in) throws IOException, JsonReader.Malformed {
    var id = new double[] {-1};
    var name = new String[] {""};
    in.object(
        key -> {
          switch (key) {
            case "id" -> id[0] = in.number();
            case "name" -> name[0] = in.string();
            default -> in.skip();
          }
        });
    if (id[0] < 0) {
      throw damaged("a category lacks its id");
    }
    categories.put((long) id[0], name[0]);
  }

  /** Annotations may come before what they name: put together at the end. */
  private void resolve() {
    var numbers = new HashMap<Long, Integer>();
    categories.keySet().forEach(id -> numbers.put(id, numbers.size()));
    for (Annotation a : annotations) {
      Image image = images.get(a.image);
      Integer label = numbers.get(a.category);
      if (image == null || label == null) {
        throw damaged(
            image == null
                ? "an annotation names image " + a.image + ", which is not there"
                : "an annotation names category " + a.category + ", which is not there");
      }
      Box box =
          Box.between(
              a.box[0] / image.width,
              a.box[1] / image.height,
              (a.box[0] + a.box[2]) / image.width,
              (a.box[1] + a.box[3]) / image.height);
      if (box.area() > 0) {
        boxes
            .computeIfAbsent(image.file, _ -> new ArrayList<>())
            .add(new BoxedPictures.Labelled(label, box));
      }
    }
    images.clear();
    annotations.clear();
  }

  @Override
  public List<String> classNames() {
    return List.copyOf(categories.values());
  }

  @Override
  public List<BoxedPictures.Labelled> of(String picture) {
    return boxes.getOrDefault(picture, List.of());
  }
}
