package modelc.cli;

import static java.util.Objects.requireNonNull;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import modelc.cli.picture.Answer;
import modelc.cli.picture.Outputs;
import modelc.cli.picture.Paint;
import modelc.cli.picture.Plane;
import modelc.cli.picture.Stitching;
import modelc.data.Frame;
import modelc.data.NewPictures;
import modelc.runtime.Column;
import modelc.runtime.DataException;
import modelc.runtime.Predictor;
import modelc.runtime.Session;
import modelc.runtime.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Predicts on picture files, some at a time: reads and draws on all cores, and tells each picture's
 * prediction in the order of the files.
 */
final class PicturePredictions {
  /** Pictures held in memory at a time. */
  private static final int GROUP = 32;

  /** Bad files named; of the rest only the count is told. */
  private static final int NAMED = 5;

  private final NewPictures pictures;
  private final Column image;
  private final Outputs outputs;
  private final List<String> classes;
  private final Optional<Path> folder;
  private final boolean skipBad;
  private final Talk talk;
  private final Set<Path> written = new HashSet<>();
  private final AtomicBoolean fontless = new AtomicBoolean();

  /**
   * @param folder where drawings go, if any are wanted
   * @param skipBad leave out files that cannot be used, and name them in the end
   */
  PicturePredictions(
      NewPictures pictures,
      Column image,
      Outputs outputs,
      List<String> classes,
      Optional<Path> folder,
      boolean skipBad,
      Talk talk) {
    this.pictures = pictures;
    this.image = image;
    this.outputs = outputs;
    this.classes = classes;
    this.folder = folder;
    this.skipBad = skipBad;
    this.talk = talk;
  }

  /** A picture that was read, or why it cannot be. */
  private record Read(int number, NewPictures.@Nullable Prepared prepared, String failure) {}

  /** Predicts on all pictures; {@code each} hears of them one by one. */
  void run(Session session, Consumer<Prediction> each) {
    var predictor = new Predictor(session);
    var bad = new ArrayList<String>();
    int stretched = 0;
    for (int from = 0; from < pictures.count(); from += GROUP) {
      talk.live(String.format("%,d of %,d pictures", from, pictures.count()));
      var good = new ArrayList<Read>();
      for (Read r :
          IntStream.range(from, Math.min(from + GROUP, pictures.count()))
              .parallel()
              .mapToObj(this::read)
              .toList()) {
        if (r.prepared == null) {
          bad.add(r.failure);
        } else {
          stretched += r.prepared.stretched() ? 1 : 0;
          good.add(r);
        }
      }
      List<Prediction> made = good.isEmpty() ? List.of() : predict(predictor, good);
      folder.ifPresent(f -> draw(f, good, made));
      talk.clear();
      made.forEach(each);
    }
    tell(bad, stretched);
  }

  private void tell(List<String> bad, int stretched) {
    if (stretched > 0) {
      talk.line(
          "note: %,d of %,d pictures stretched to the size the recipe expects",
          stretched, pictures.count());
    }
    if (fontless.get()) {
      talk.line(
          "note: no text on the pictures: this machine has no fonts"
              + " (install fontconfig and a font)");
    }
    if (!bad.isEmpty()) {
      talk.line("note: %,d of %,d pictures left out:", bad.size(), pictures.count());
      bad.stream().limit(NAMED).forEach(b -> talk.line("  %s", b));
      if (bad.size() > NAMED) {
        talk.line("  and %,d more", bad.size() - NAMED);
      }
    }
    if (bad.size() == pictures.count()) {
      throw new DataException("D0418", "no usable picture is left", "mend these files");
    }
  }

  private Read read(int i) {
    try {
      return new Read(i, pictures.read(i), "");
    } catch (DataException e) {
      if (!skipBad) {
        throw e;
      }
      return new Read(i, null, String.valueOf(e.getMessage()));
    }
  }

  private List<Prediction> predict(Predictor predictor, List<Read> group) {
    List<NewPictures.Part> parts =
        group.stream().flatMap(r -> requireNonNull(r.prepared).parts().stream()).toList();
    try (Arena arena = Arena.ofShared()) {
      var shape = new ArrayList<>(List.of((long) parts.size()));
      shape.addAll(image.shape());
      long bytes = image.bytes();
      MemorySegment memory = arena.allocate(bytes * parts.size(), Long.BYTES);
      IntStream.range(0, parts.size())
          .parallel()
          .forEach(k -> parts.get(k).image().writeShades(memory.asSlice(k * bytes, bytes)));
      Map<String, Tensor> said =
          predictor.predict(Map.of(image.name(), Tensor.wrap(image.type(), shape, memory)), arena);
      int[] first = new int[group.size()];
      for (int g = 1; g < first.length; g++) {
        first[g] = first[g - 1] + requireNonNull(group.get(g - 1).prepared).parts().size();
      }
      return IntStream.range(0, group.size())
          .parallel()
          .mapToObj(g -> prediction(group.get(g), said, first[g]))
          .toList();
    }
  }

  private Prediction prediction(Read r, Map<String, Tensor> said, int first) {
    NewPictures.Prepared prepared = requireNonNull(r.prepared);
    int n = prepared.parts().size();
    List<Answer> answers =
        IntStream.range(first, first + n).mapToObj(k -> outputs.answer(said, k)).toList();
    Answer one = answers.getFirst();
    var masks = new ArrayList<Stitching.Said>();
    for (int k = 0; k < n; k++) {
      NewPictures.Part part = prepared.parts().get(k);
      answers
          .get(k)
          .mask()
          .ifPresent(
              m ->
                  masks.add(
                      new Stitching.Said(
                          m.classes(), part.frame(), part.image().height(), part.image().width())));
    }
    int height = prepared.picture().height();
    int width = prepared.picture().width();
    return new Prediction(
        pictures.path(r.number),
        height,
        width,
        one.shares().map(_ -> mean(answers)),
        masks.isEmpty() ? Optional.empty() : Optional.of(Stitching.whole(masks, height, width)),
        one.box().map(b -> placed(b, prepared.parts().getFirst().frame(), height, width)),
        one.picture(),
        one.numbers(),
        outputs.classes(),
        classes);
  }

  /** Over the tiles of a picture. */
  private static float[] mean(List<Answer> answers) {
    float[] sum = answers.getFirst().shares().orElseThrow().clone();
    for (Answer a : answers.subList(1, answers.size())) {
      float[] shares = a.shares().orElseThrow();
      for (int c = 0; c < sum.length; c++) {
        sum[c] += shares[c];
      }
    }
    for (int c = 0; c < sum.length; c++) {
      sum[c] /= answers.size();
    }
    return sum;
  }

  /** A box in shares of what the model saw, in shares of the file's picture. */
  private static float[] placed(float[] box, Frame f, int height, int width) {
    return new float[] {
      (float) ((f.left() + box[0] * f.width()) / width),
      (float) ((f.top() + box[1] * f.height()) / height),
      (float) (box[2] * f.width() / width),
      (float) (box[3] * f.height() / height)
    };
  }

  private void draw(Path folder, List<Read> group, List<Prediction> made) {
    List<Path> targets = made.stream().map(p -> target(folder, p.path())).toList();
    IntStream.range(0, made.size())
        .parallel()
        .forEach(
            g -> {
              try {
                draw(
                    targets.get(g),
                    Paint.image(requireNonNull(group.get(g).prepared).picture()),
                    made.get(g));
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  private void draw(Path target, BufferedImage picture, Prediction p) throws IOException {
    Files.createDirectories(requireNonNull(target.getParent()));
    BufferedImage drawn = p.made().map(Paint::image).orElse(picture);
    if (p.mask().isPresent()) {
      Plane mask = p.mask().get();
      drawn = Paint.masked(drawn, mask);
      Files.write(
          target.resolveSibling(stem(String.valueOf(target.getFileName())) + ".mask.png"),
          Paint.png(Paint.labels(mask)));
    }
    if (p.box().isPresent()) {
      drawn = Paint.boxed(drawn, p.box().get());
    }
    if (p.shares().isPresent() && !fontless.get()) {
      try {
        drawn = Paint.captioned(drawn, p.caption());
      } catch (Paint.FontsMissingException e) {
        fontless.set(true);
      }
    }
    Files.write(target, Paint.png(drawn));
  }

  /** {@code a/b.jpg} becomes {@code a/b.png}, or {@code a/b.jpg.png} where there is one already. */
  private Path target(Path folder, String path) {
    Path plain = inside(folder, stem(path) + ".png");
    return written.add(plain) ? plain : inside(folder, path + ".png");
  }

  /** A zip file may name anything; names that lead out of it were passed over with hidden ones. */
  private static Path inside(Path folder, String path) {
    Path resolved = folder.resolve(path.replaceFirst("^/+", "")).normalize();
    if (!resolved.startsWith(folder.normalize())) {
      throw new IllegalArgumentException(path + " would be drawn outside " + folder);
    }
    return resolved;
  }

  private static String stem(String path) {
    int dot = path.lastIndexOf('.');
    return dot > path.lastIndexOf('/') ? path.substring(0, dot) : path;
  }
}
