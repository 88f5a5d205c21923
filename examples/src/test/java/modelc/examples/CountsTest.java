package modelc.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import modelc.cli.Main;
import modelc.frontend.DataCatalog;
import modelc.frontend.DataSource;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.frontend.ModelSummary;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.Shape;
import modelc.ir.TensorType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Parameters and maps of the examples at full size, against the numbers of the papers and of
 * torchvision. Compiles nothing.
 */
class CountsTest {
  private static ModelSummary summary(String file, String set) throws IOException {
    var settings = new LinkedHashMap<String, String>();
    for (String s : set.isEmpty() ? List.<String>of() : List.of(set.split(" "))) {
      settings.put(s.substring(0, s.indexOf('=')), s.substring(s.indexOf('=') + 1));
    }
    var options = new FrontendOptions(settings, Map.of(), CountsTest::columns);
    return Frontend.load(Reference.FOLDER.resolve(file + ".model"), options).summary();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          lenet         | ''                       | 61706
          mlp           | ''                       | 101770
          alexnet       | ''                       | 60965224
          alexnet       | towers=1                 | 61100840
          vgg           | depth=11                 | 132863336
          vgg           | depth=13                 | 133047848
          vgg           | depth=16                 | 138357544
          vgg           | depth=19                 | 143667240
          vgg           | depth=16 normalized=true | 138365992
          resnet        | depth=18                 | 11689512
          resnet        | depth=34                 | 21797672
          resnet        | depth=50                 | 25557032
          resnet        | depth=101                | 44549160
          resnet        | depth=152                | 60192808
          resnet_cifar  | depth=20                 | 269722
          resnet_cifar  | depth=20 convolve=true   | 272474
          resnet_cifar  | depth=56                 | 853018
          googlenet     | ''                       | 6624904
          googlenet     | heads=true               | 13004888
          googlenet     | paper=true               | 6998552
          squeezenet    | ''                       | 1235496
          mobilenetv2   | ''                       | 3504872
          densenet      | ''                       | 7978856
          densenet      | depth=201                | 20013928
          unet          | ''                       | 31030658
          unet          | padded=true channels=3 classes=1 | 31037633
          unet_vgg      | ''                       | 36345986
          autoencoder   | ''                       | 115217
          localizer     | ''                       | 2031662
          """)
  void countsEveryParameter(String file, String set, long parameters) throws IOException {
    assertThat(summary(file, set).totalParameters()).isEqualTo(parameters);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          lenet         | ''        | conv1                 | 6 28 28
          alexnet       | ''        | conv1                 | 96 55 55
          alexnet       | ''        | pool5                 | 256 6 6
          alexnet       | towers=1  | conv1                 | 64 55 55
          vgg           | depth=16  | block[5][3].conv      | 512 14 14
          resnet        | ''        | layer4.block[2].conv3 | 2048 7 7
          resnet_cifar  | ''        | layer3.block[2].conv2 | 64 8 8
          googlenet     | ''        | inception3b.three.conv | 192 28 28
          googlenet     | ''        | inception5b.project.conv | 128 7 7
          unet          | ''        | bottom.conv2          | 1024 28 28
          unet          | ''        | classify              | 2 388 388
          unet          | padded=true | classify            | 2 512 512
          """)
  void mapsHaveTheirSizes(String file, String set, String layer, String sizes) throws IOException {
    assertThat(outputs(summary(file, set))).containsEntry(layer, sizes);
  }

  /**
   * Windows of the paths that see most, by r' = r + (k - 1) * j and j' = j * s; AlexNet's and VGG's
   * are those of Araujo, Norris and Sim 2019.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          alexnet    | towers=1   | pool5                    | 195 | 32
          alexnet    | ''         | pool5                    | 195 | 32
          vgg        | depth=16   | block[5][3].conv         | 196 | 16
          resnet     | depth=18   | layer4.block[1].conv2    | 435 | 32
          resnet     | depth=50   | layer4.block[2].conv3    | 427 | 32
          googlenet  | ''         | inception5b.project.bn   | 379 | 32
          googlenet  | paper=true | inception5b.five.conv    | 715 | 32
          unet       | ''         | bottom.conv2             | 140 | 16
          """)
  void layersSeeTheirPartOfTheImage(String file, String set, String layer, long size, double stride)
      throws IOException {
    ModelSummary.ReceptiveField field =
        summary(file, set).layers().stream()
            .filter(l -> l.name().equals(layer))
            .findFirst()
            .flatMap(ModelSummary.Layer::field)
            .orElseThrow();
    assertThat(field.size()).containsExactly(size, size);
    assertThat(field.stride()).containsExactly(Optional.of(stride), Optional.of(stride));
  }

  /** The formulas that the summary prints, worked out again as they stand there. */
  @ParameterizedTest
  @MethodSource("files")
  void everyLayerAddsUp(Path file) throws IOException {
    String name = String.valueOf(file.getFileName());
    ModelSummary s = summary(name.substring(0, name.lastIndexOf('.')), "");
    long total = 0;
    for (ModelSummary.Layer l : s.layers()) {
      assertThat(sum(l.formula())).as(l.name() + ": " + l.formula()).isEqualTo(l.parameters());
      total += l.parameters();
      if (l.op().endsWith("2d")) {
        List<Dim> sizes = l.output().dims();
        for (int i = 0; i < l.windows().size(); i++) {
          assertThat(l.windows().get(i)).as(l.name()).endsWith(" = " + sizes.get(i + 1));
        }
      }
    }
    assertThat(s.totalParameters()).isEqualTo(total).isEqualTo(sum(s.formula()));
  }

  /** The value of {@code (5*5*1*6 + 6) + (6 + 6)}. */
  private static long sum(String formula) {
    return Stream.of(formula.replaceAll("[() ]", "").split("\\+", -1))
        .filter(term -> !term.isEmpty())
        .mapToLong(
            term ->
                Stream.of(term.split("\\*", -1))
                    .mapToLong(Long::parseLong)
                    .reduce(1, (a, b) -> a * b))
        .sum();
  }

  /** Shapes and recipe with the real data sources, whose files need not be there. */
  @ParameterizedTest
  @MethodSource("files")
  void isRight(Path file) {
    assertThat(Main.run("check", file.toString())).isZero();
  }

  static List<Path> files() throws IOException {
    try (Stream<Path> all = Files.list(Reference.FOLDER.toAbsolutePath())) {
      return all.filter(f -> f.toString().endsWith(".model")).sorted().toList();
    }
  }

  /** 55 x 55 x 96. */
  @Test
  void flattensTheFirstMapsOfAlexNet() {
    String text =
        """
        model First {
            input image: f32[3, 227, 227]
            output y = image -> conv1: conv2d(96, 11, stride = 4) -> row: flatten
        }
        """;
    ModelSummary s = Frontend.load("first", text, FrontendOptions.of(DataCatalog.none())).summary();
    assertThat(outputs(s)).containsEntry("conv1", "96 55 55").containsEntry("row", "290400");
  }

  /** What each layer gives of one example. */
  private static Map<String, String> outputs(ModelSummary s) {
    return s.layers().stream()
        .collect(Collectors.toMap(ModelSummary.Layer::name, l -> sizes(l.output())));
  }

  private static String sizes(Shape shape) {
    return shape.dims().stream().map(Dim::toString).collect(Collectors.joining(" "));
  }

  /** The columns that the model reads, and what is learned of them: no data need be there. */
  private static List<DataCatalog.Column> columns(DataSource source) {
    var columns = new ArrayList<>(source.inputs());
    columns.add(new DataCatalog.Column("label", TensorType.scalar(DType.I32)));
    columns.add(new DataCatalog.Column("target", TensorType.scalar(DType.F32)));
    columns.add(new DataCatalog.Column("box", TensorType.of(DType.F32, 4)));
    if (source.name().equals("image_masks")) {
      boolean classes = source.named().containsKey("classes");
      var mask = new ArrayList<>(columns.getFirst().type().shape().dims().subList(1, 3));
      if (!classes) {
        mask.addFirst(Dim.ONE);
      }
      var type = new TensorType(classes ? DType.I32 : DType.F32, new Shape(mask));
      columns.add(new DataCatalog.Column("mask", type));
    }
    return columns;
  }
}
