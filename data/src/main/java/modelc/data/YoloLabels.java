package modelc.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import modelc.runtime.DataException;
import modelc.runtime.FileException;
import modelc.runtime.ModelcException;

/**
 * Boxes in YOLO's text files, one a picture: a line an object of class, centre x, centre y, width
 * and height, in shares of the picture. A picture without such a file has no object.
 */
final class YoloLabels implements BoxedPictures.Labels {
  private static final Pattern SPACE = Pattern.compile("\\s+");
  private static final int MAX_CLASS = 100_000;

  /** How far a box may stick out of its picture: rounding of the writer. */
  private static final double SLACK = 1e-3;

  private final FileTree files;
  private final Set<String> known;
  private final List<String> classNames;

  YoloLabels(FileTree files, List<String> classNames) {
    this.files = files;
    this.known = new HashSet<>(files.files());
    this.classNames = List.copyOf(classNames);
  }

  @Override
  public List<String> classNames() {
    return classNames;
  }

  @Override
  public List<BoxedPictures.Labelled> of(String picture) {
    String file = PictureFiles.stem(picture) + ".txt";
    if (!known.contains(file)) {
      return List.of();
    }
    List<String> lines;
    try {
      lines = new String(files.read(file), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new FileException(
          "D0504",
          "cannot read " + files.name(file) + ": " + e.getMessage(),
          "check that you may read it",
          e);
    }
    var boxes = new ArrayList<BoxedPictures.Labelled>();
    for (int n = 0; n < lines.size(); n++) {
      if (!lines.get(n).isBlank()) {
        boxes.add(parsed(file, n + 1, lines.get(n).strip()));
      }
    }
    return boxes;
  }

  private BoxedPictures.Labelled parsed(String file, int line, String text) {
    String[] fields = SPACE.split(text, -1);
    if (fields.length != 5) {
      throw damaged(file, line, "it has " + fields.length + " fields, not 5");
    }
    var numbers = new double[5];
    for (int i = 0; i < 5; i++) {
      try {
        numbers[i] = Double.parseDouble(fields[i]);
      } catch (NumberFormatException e) {
        throw damaged(file, line, "not a number: " + fields[i]);
      }
    }
    double c = numbers[0];
    int classes = classNames.isEmpty() ? MAX_CLASS : classNames.size();
    if (!(c >= 0 && c < classes) || c != (int) c) {
      throw damaged(file, line, "its class is " + fields[0] + ", not from 0 to " + (classes - 1));
    }
    double left = numbers[1] - numbers[3] / 2;
    double top = numbers[2] - numbers[4] / 2;
    double right = numbers[1] + numbers[3] / 2;
    double bottom = numbers[2] + numbers[4] / 2;
    boolean inside = left >= -SLACK && top >= -SLACK && right <= 1 + SLACK && bottom <= 1 + SLACK;
    if (!inside || !(numbers[3] > 0 && numbers[4] > 0)) {
      throw damaged(file, line, "its box is empty or not inside the picture");
    }
    return new BoxedPictures.Labelled((int) c, Box.between(left, top, right, bottom));
  }

  private ModelcException damaged(String file, int line, String what) {
    return new DataException(
            "D0505",
            files.name(file) + ", line " + line + ": " + what,
            "a line is class, centre x, centre y, width, height, in shares of the picture from 0 to"
                + " 1")
        .atLine(files.name(file), line, 1);
  }
}
