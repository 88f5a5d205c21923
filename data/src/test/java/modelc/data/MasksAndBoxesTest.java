package modelc.data;

import static modelc.data.ImageFolderTest.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MasksAndBoxesTest {
  @TempDir Path folder;

  private void put(String path, byte[] bytes) throws IOException {
    Path file = folder.resolve(path);
    Files.createDirectories(file.getParent());
    Files.write(file, bytes);
  }

  private void text(String path, String text) throws IOException {
    Files.createDirectories(folder.resolve(path).getParent());
    Files.writeString(folder.resolve(path), text);
  }

  private static byte[] gray(int height, int width, int... shades) throws IOException {
    var image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < shades.length; i++) {
      image.getRaster().setSample(i % width, i / width, 0, shades[i]);
    }
    return TestImages.encode(image, "png");
  }

  private DataSets open(String name, List<Object> arguments, Map<String, Object> named) {
    return Data.open(Request.of(name, arguments, named, folder));
  }

  private DataSets masks(Map<String, Object> named) {
    return open("image_masks", List.of("images", "masks"), named);
  }

  @Test
  void masksArePairedByName() throws IOException {
    put("images/a.png", TestImages.png(2, 2, 1));
    put("images/b.jpg", TestImages.encode(TestImages.rgb(2, 2, 2), "jpg"));
    put("masks/b.png", gray(2, 2, 0, 0, 0, 255));
    put("masks/a.png", gray(2, 2, 0, 255, 1, 127));
    DataSet set = masks(Map.of()).train();
    assertThat(set.columns().toString()).isEqualTo("[image: f32[3,2,2], mask: f32[1,2,2]]");
    assertThat(Samples.read(set, 0)[1].toArray(ValueLayout.JAVA_FLOAT)).containsExactly(0, 1, 1, 0);
    assertThat(Samples.read(set, 1)[1].toArray(ValueLayout.JAVA_FLOAT)).containsExactly(0, 0, 0, 1);
    DataSet classes = masks(Map.of("classes", 256L)).train();
    assertThat(classes.columns().toString()).isEqualTo("[image: f32[3,2,2], mask: i32[2,2]]");
    assertThat(Samples.read(classes, 0)[1].toArray(ValueLayout.JAVA_INT))
        .containsExactly(0, 255, 1, 127);
    DataSet few = masks(Map.of("classes", 128L)).train();
    refused(
        "D0405", "masks/a.png is no usable picture: it has class 255", () -> Samples.read(few, 0));
    refused(
        "D0412",
        "a.png (it has class 255 of 255",
        () -> masks(Map.of("classes", 255L, "bad", "skip")));
  }

  @Test
  void masksThatDoNotFitAreRefused() throws IOException {
    put("images/a.png", TestImages.png(2, 2, 1));
    put("masks/a.png", gray(2, 3));
    DataSet set = masks(Map.of()).train();
    refused("D0405", "it is 2x3, its picture", () -> Samples.read(set, 0));
    put("masks/a.png", TestImages.png(2, 2, 1));
    refused("D0405", "in colour", () -> Samples.read(set, 0));
    put("images/b.png", TestImages.png(2, 2, 1));
    refused("D0501", "images/b.png has no mask", () -> masks(Map.of()));
    put("masks/b.png", gray(2, 2));
    put("masks/c.png", gray(2, 2));
    refused("D0501", "masks/c.png has no picture", () -> masks(Map.of()));
    put("images/c.png", TestImages.png(2, 2, 1));
    put("images/c.jpg", TestImages.png(2, 2, 1));
    refused("D0502", "both c.jpg and c.png", () -> masks(Map.of()));
  }

  @Test
  void membranesAreCutIntoTiles() {
    Path real = Samples.shared("membrane");
    Assumptions.assumeTrue(Files.exists(real), "no " + real);
    var request =
        new Request(
            new Step(
                "image_masks",
                List.of(real.resolve("image").toString(), real.resolve("label").toString()),
                Map.of()),
            List.of(new Step("tiles", List.of(192L), Map.of())),
            List.of(),
            folder,
            1);
    DataSet.Split split = Data.open(request).train().split(0.2, 1);
    assertThat(split.train().size()).isEqualTo(24 * 9);
    assertThat(split.validation().size()).isEqualTo(6 * 9);
    double membrane = 0;
    for (int i = 0; i < 9; i++) {
      for (float v : Samples.read(split.train(), i)[1].toArray(ValueLayout.JAVA_FLOAT)) {
        assertThat(v).isIn(0f, 1f);
        membrane += v / 9 / 192 / 192;
      }
    }
    assertThat(membrane).isBetween(0.6, 0.95); // cells are 1, their membranes 0
  }

  private static void boxIs(MemorySegment[] rows, int label, double... box) {
    assertThat(rows[1].get(ValueLayout.JAVA_INT, 0)).isEqualTo(label);
    for (int i = 0; i < 4; i++) {
      assertThat((double) rows[2].getAtIndex(ValueLayout.JAVA_FLOAT, i))
          .isCloseTo(box[i], within(1e-6));
    }
  }

  @Test
  void theLargestYoloBoxIsTaken() throws IOException {
    put("images/x/a.png", TestImages.png(4, 4, 1));
    put("images/x/b.png", TestImages.png(4, 4, 2));
    put("images/x/c.png", TestImages.png(4, 4, 2));
    text("labels/x/a.txt", "1 0.5 0.5 0.1 0.1\n0 0.25 0.5 0.5 0.25\n\n");
    text("labels/x/b.txt", "");
    DataSets sets =
        open("yolo_boxes", List.of("images", "labels"), Map.of("names", List.of("cat", "dog")));
    DataSet set = sets.train();
    assertThat(set.columns().toString())
        .isEqualTo("[image: f32[3,4,4], label: i32[], box: f32[4]]");
    assertThat(set.size()).isEqualTo(1);
    assertThat(set.classNames()).containsExactly("cat", "dog");
    assertThat(sets.notes()).containsExactly("2 of 3 pictures without a box left out");
    boxIs(Samples.read(set, 0), 0, 0.25, 0.5, 0.5, 0.25);
  }

  @Test
  void boxesFollowCropsAndPads() {
    Example e =
        new Example(
            new Picture(1, 10, 20, new byte[200]), 1, null, Box.between(0.25, 0.2, 0.75, 0.6));
    Box cropped = e.crop(2, 10, new Size(8, 10)).box();
    assertThat(cropped.left()).isCloseTo(0, within(1e-6));
    assertThat(cropped.right()).isCloseTo(0.5, within(1e-6));
    assertThat(cropped.top()).isCloseTo(0, within(1e-6));
    assertThat(cropped.bottom()).isCloseTo(0.5, within(1e-6));
    Box padded = e.pad(10, Border.ZERO).box();
    assertThat(padded.left()).isCloseTo(15 / 40.0, within(1e-6));
    assertThat(padded.bottom()).isCloseTo(16 / 30.0, within(1e-6));
    assertThat(e.resize(new Size(5, 5)).box()).isEqualTo(e.box());
  }

  @Test
  void damagedYoloLabelsAreRefused() throws IOException {
    put("images/a.png", TestImages.png(4, 4, 1));
    for (String line :
        List.of(
            "0 0.5 0.5 0.1 -> it has 4 fields",
            "0 0.5 0.5 0.1 x -> not a number: x",
            "0 0.5 0.5 0.1 NaN -> empty or not inside",
            "2 0.5 0.5 0.1 0.1 -> its class is 2, not from 0 to 1",
            "0.5 0.5 0.5 0.1 0.1 -> its class is 0.5",
            "0 0.9 0.5 0.3 0.1 -> not inside",
            "0 0.5 0.5 0 0.1 -> empty")) {
      String[] parts = line.split(" -> ", 2);
      text("labels/a.txt", "\n" + parts[0]);
      refused(
          "D0505",
          parts[1],
          () ->
              open(
                  "yolo_boxes",
                  List.of("images", "labels"),
                  Map.of("names", List.of("cat", "dog"))));
      refused(
          "D0505",
          "a.txt, line 2",
          () ->
              open(
                  "yolo_boxes",
                  List.of("images", "labels"),
                  Map.of("names", List.of("cat", "dog"))));
    }
    text("labels/a.txt", "");
    Path unreadable = folder.resolve("labels/a.txt");
    Files.delete(unreadable);
    Files.createSymbolicLink(unreadable, folder.resolve("nothing"));
    refused(
        "D0504",
        "check that you may read it",
        () -> open("yolo_boxes", List.of("images", "labels"), Map.of()));
    Files.delete(unreadable);
    text("labels/a.txt", "");
    refused(
        "D0503",
        "none of the 1 pictures",
        () -> open("yolo_boxes", List.of("images", "labels"), Map.of()));
  }

  @Test
  void cocoFilesAreRead() throws IOException {
    put("images/a.png", TestImages.png(10, 20, 1));
    put("images/b.png", TestImages.png(10, 20, 1));
    String json =
        """
        {"info": {"x": [1, -2.5e3, true, null, "\\u00e9\\n"]},
         "annotations": [
           {"id": 1, "image_id": 7, "category_id": 90, "bbox": [5, 2, 10, 4], "iscrowd": 0,
            "segmentation": [[1, 2, 3]]},
           {"id": 2, "image_id": 7, "category_id": 3, "bbox": [0, 0, 2, 2], "iscrowd": 0},
           {"id": 3, "image_id": 7, "category_id": 3, "bbox": [0, 0, 20, 10], "iscrowd": 1}],
         "images": [{"id": 7, "file_name": "a.png", "width": 20, "height": 10}],
         "categories": [{"id": 90, "name": "tooth\\"brush"}, {"id": 3, "name": "car"}]}
        """;
    text("labels.json", json);
    DataSets sets = open("coco_boxes", List.of("images", "labels.json"), Map.of());
    assertThat(sets.train().size()).isEqualTo(1);
    assertThat(sets.train().classNames()).containsExactly("car", "tooth\"brush");
    boxIs(Samples.read(sets.train(), 0), 1, 0.5, 0.4, 0.5, 0.4);
    for (String damage :
        List.of(
            "{\"id\": 7, -> {\"id\": 8, -> names image 7",
            "{\"id\": 90, -> {\"id\": 91, -> names category 90",
            "\"bbox\": [5, 2, 10, 4] -> \"bbox\": [5, 2, 10] -> lacks its image_id",
            "\"file_name\": \"a.png\", ->  -> lacks its id, file_name",
            "} ->  -> at character")) {
      String[] parts = damage.split(" -> ", 3);
      text("labels.json", json.replace(parts[0], parts[1]));
      refused(
          "D0506", parts[2], () -> open("coco_boxes", List.of("images", "labels.json"), Map.of()));
    }
    refused(
        "D0507", "there is no file", () -> open("coco_boxes", List.of("images", "no"), Map.of()));
  }

  @Test
  void realBoxesAreRead() {
    Path real = Samples.shared("coco128");
    Assumptions.assumeTrue(Files.exists(real), "no " + real);
    var request =
        new Request(
            new Step(
                "yolo_boxes",
                List.of(
                    real.resolve("images").toString(),
                    real.resolve("object_detection/labels").toString()),
                Map.of()),
            List.of(new Step("resize", List.of(64L), Map.of())),
            List.of(),
            folder,
            1);
    DataSet set = Data.open(request).train();
    assertThat(set.size()).isBetween(100L, 128L);
    for (int i = 0; i < set.size(); i++) {
      float[] box = Samples.read(set, i)[2].toArray(ValueLayout.JAVA_FLOAT);
      for (float v : box) {
        assertThat(v).isBetween(0f, 1f);
      }
      assertThat(set.label(i)).isBetween(0, 79);
    }
  }
}
