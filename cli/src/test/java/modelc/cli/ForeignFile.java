package modelc.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import modelc.compiler.Compiler;
import modelc.data.Data;
import modelc.data.DataSet;
import modelc.data.Request;
import modelc.frontend.Checked;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.frontend.Limits;
import modelc.frontend.diagnostic.DiagnosticException;
import modelc.frontend.parse.Formatter;
import modelc.frontend.parse.SourceText;
import modelc.passes.Target;
import modelc.runtime.Artifact;
import modelc.runtime.Checkpoint;
import modelc.runtime.Column;
import modelc.runtime.ElementType;
import modelc.runtime.ModelcException;
import modelc.runtime.Npy;
import modelc.runtime.weights.Renaming;
import modelc.runtime.weights.WeightFile;

/**
 * Every kind of file that modelc reads and others may have made, as a function of its bytes: what
 * fuzzers drive. A file is read to its end, or refused by an exception that has a code.
 */
enum ForeignFile {
  MODEL {
    @Override
    void read(Path folder, byte[] bytes) throws IOException {
      Path file = Files.write(folder.resolve("main.model"), bytes);
      checkLayout(bytes);
      Frontend.load(file, FrontendOptions.of(new Catalog(new Datasets.Reach(folder, folder))));
    }
  },
  /** A model that is read and, if it is sound, summarised: all passes, but no code. */
  SUMMARY {
    @Override
    void read(Path folder, byte[] bytes) throws IOException {
      Path file = Files.write(folder.resolve("main.model"), bytes);
      var reach = new Datasets.Reach(folder, folder);
      Checked checked = Frontend.load(file, FrontendOptions.of(new Catalog(reach)));
      Compiler.scratchBytes(checked.program(), Target.AVX2);
    }
  },
  /** A value of the command line, {@code --set} or {@code KEY=}. */
  VALUE {
    @Override
    void read(Path folder, byte[] bytes) {
      String text = new String(bytes, StandardCharsets.UTF_8);
      int equals = text.indexOf('=');
      var given = equals < 0 ? Map.<String, String>of() : recipe(text, equals);
      Map<String, String> set = equals < 0 ? Map.of("n", text) : Map.of();
      Frontend.load(
          "main.model",
          VALUE_MODEL,
          new FrontendOptions(set, given, new Catalog(new Datasets.Reach(folder, folder))));
    }
  },
  SAFETENSORS {
    @Override
    void read(Path folder, byte[] bytes) throws IOException {
      weights(Files.write(folder.resolve("w.safetensors"), bytes));
    }
  },
  CHECKPOINT {
    @Override
    void read(Path folder, byte[] bytes) throws IOException {
      try (var c = Checkpoint.open(Files.write(folder.resolve("c.safetensors"), bytes))) {
        c.step();
      }
    }
  },
  TORCH {
    @Override
    void read(Path folder, byte[] bytes) throws IOException {
      weights(Files.write(folder.resolve("w.pt"), bytes));
    }
  },
  /** Only the pickle inside, where a mutated archive would seldom be one. */
  PICKLE {
    @Override
    void read(Path folder, byte[] bytes) throws IOException {
      var entries = new LinkedHashMap<String, byte[]>();
      entries.put("w/data.pkl", bytes);
      STORAGES.forEach((key, size) -> entries.put("w/data/" + key, new byte[size]));
      weights(Files.write(folder.resolve("w.pt"), ForeignBytes.stored(entries)));
    }
  },
  NPY {
    @Override
    void read(Path folder, byte[] bytes) throws IOException {
      Path file = Files.write(folder.resolve("x.npy"), bytes);
      try (Arena arena = Arena.ofConfined()) {
        Npy.Array array = Npy.read(file, arena);
        for (ElementType type : ElementType.values()) {
          allowing(() -> array.as(type, arena));
        }
      }
    }
  },
  ARTIFACT {
    @Override
    void read(Path folder, byte[] bytes) throws IOException {
      Artifact.open(Files.write(folder.resolve("lib.so"), ForeignBytes.sealed(bytes)));
    }
  },
  CSV {
    @Override
    void read(Path folder, byte[] bytes) throws IOException {
      Files.write(folder.resolve("x.csv"), bytes);
      // Not every number is a label.
      allowing(() -> all("csv", List.of("x.csv"), Map.of("label", "y"), folder));
      all("csv", List.of("x.csv"), Map.of("target", "y"), folder);
    }
  },
  /** The first byte says whether the rest are images or labels. */
  IDX {
    @Override
    void read(Path folder, byte[] bytes) throws IOException {
      boolean images = bytes.length > 0 && (bytes[0] & 1) == 0;
      byte[] rest = Arrays.copyOfRange(bytes, Math.min(1, bytes.length), bytes.length);
      Files.write(
          folder.resolve("train-images-idx3-ubyte"),
          images ? rest : ForeignBytes.idx(0x803, 2, 28, 28));
      Files.write(
          folder.resolve("train-labels-idx1-ubyte"), images ? ForeignBytes.idx(0x801, 2) : rest);
      all("mnist", List.of("."), Map.of(), folder);
    }
  },
  PICTURE {
    @Override
    void read(Path folder, byte[] bytes) throws IOException {
      Files.createDirectories(folder.resolve("set/a"));
      Files.write(folder.resolve("set/a/1.png"), ForeignBytes.checked(bytes));
      all("image_folder", List.of("set"), Map.of(), folder);
    }
  },
  MASK {
    @Override
    void read(Path folder, byte[] bytes) throws IOException {
      Files.createDirectories(folder.resolve("set/a"));
      Files.write(folder.resolve("set/a/1.png"), ForeignBytes.checked(bytes));
      all("image_masks", List.of("set/a", "set/a"), Map.of("classes", 3L), folder);
    }
  },
  ZIP {
    @Override
    void read(Path folder, byte[] bytes) throws IOException {
      Files.write(folder.resolve("set.zip"), bytes);
      all("image_folder", List.of("set.zip"), Map.of(), folder);
    }
  },
  YOLO {
    @Override
    void read(Path folder, byte[] bytes) throws IOException {
      ForeignBytes.picture(folder);
      Files.createDirectories(folder.resolve("labels"));
      Files.write(folder.resolve("labels/1.txt"), bytes);
      all("yolo_boxes", List.of("set", "labels"), Map.of(), folder);
    }
  },
  COCO {
    @Override
    void read(Path folder, byte[] bytes) throws IOException {
      ForeignBytes.picture(folder);
      Files.write(folder.resolve("coco.json"), bytes);
      all("coco_boxes", List.of("set", "coco.json"), Map.of(), folder);
    }
  },
  MAP {
    @Override
    void read(Path folder, byte[] bytes) {
      Renaming.ofLines(new String(bytes, StandardCharsets.UTF_8).lines().toList());
    }
  };

  private static final long MAX_NANOS = 2_000_000_000;

  /** Bytes of the storages that the pickles of {@code module.pt} and {@code views.pt} name. */
  private static final Map<String, Integer> STORAGES =
      Map.ofEntries(
          Map.entry("0", 72),
          Map.entry("1", 8),
          Map.entry("2", 8),
          Map.entry("3", 8),
          Map.entry("4", 8),
          Map.entry("5", 8),
          Map.entry("6", 8),
          Map.entry("7", 64),
          Map.entry("8", 8),
          Map.entry("a", 96),
          Map.entry("b", 96),
          Map.entry("c", 48));

  /** Examples that are summarised in much less time than a file may take. */
  private static final Set<String> SMALL =
      Set.of("xor.model", "softmax_regression.model", "mlp.model", "lenet.model");

  private static final String VALUE_MODEL =
      """
      model M(n: int = 4) {
          input image: f32[1, 28, 28]
          output logits = image -> flatten -> dense(n) -> dense(10)
      }
      train M {
          data = digits()
          loss = cross_entropy(logits, label)
          optimizer = sgd(lr = 0.1)
          batch = 2
      }
      """;

  /** Reads a file with this content, in a folder of its own. */
  abstract void read(Path folder, byte[] bytes) throws IOException;

  /**
   * Reads it.
   *
   * @return whether it was taken; false if it was refused by an exception with a code
   */
  boolean takes(Path folder, byte[] bytes) throws IOException {
    try {
      read(folder, bytes);
      return true;
    } catch (DiagnosticException e) {
      e.render();
      return false;
    } catch (ModelcException e) {
      if (!e.code().matches("[CDR]\\d{4}") || String.valueOf(e.getMessage()).isBlank()) {
        throw new AssertionError("refused without a code or a message", e);
      }
      return false;
    }
  }

  /**
   * As {@link #takes}, within two seconds of the processor: what others run on it does not count.
   */
  boolean takesInTime(Path folder, byte[] bytes) throws IOException {
    long start = processorNanos();
    boolean taken = takes(folder, bytes);
    long nanos = processorNanos() - start;
    if (nanos > MAX_NANOS) {
      throw new AssertionError("it took " + nanos / 1_000_000 + " ms");
    }
    return taken;
  }

  private static long processorNanos() {
    return ((com.sun.management.OperatingSystemMXBean)
            java.lang.management.ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  /** Where files of this kind, sound and broken ones, are kept. */
  List<Path> corpora() {
    Path root =
        Path.of(System.getProperty("modelc.root", Files.isDirectory(Path.of("docs")) ? "" : ".."));
    Path own = root.resolve("cli/src/test/resources/foreign").resolve(toString());
    return switch (this) {
      case MODEL ->
          List.of(
              own,
              root.resolve("examples"),
              root.resolve("frontend/src/main/resources/modelc/std"),
              root.resolve("frontend/src/test/resources/diagnostics"));
      case SUMMARY -> List.of(own, root.resolve("examples"));
      case TORCH -> List.of(own, root.resolve("runtime/src/test/resources/modelc/runtime/pytorch"));
      case CSV -> List.of(own, root.resolve("examples"));
      default -> List.of(own);
    };
  }

  private boolean isOne(Path file) {
    String name = file.toString();
    return switch (this) {
      case MODEL -> name.endsWith(".model");
      case SUMMARY -> SMALL.contains(String.valueOf(file.getFileName()));
      case TORCH -> name.endsWith(".pt");
      case CSV -> name.endsWith(".csv");
      default -> true;
    };
  }

  /** The content of the files kept, by their paths. */
  Map<Path, byte[]> kept() throws IOException {
    var found = new LinkedHashMap<Path, byte[]>();
    for (Path folder : corpora()) {
      if (Files.isDirectory(folder)) {
        try (var files = Files.walk(folder, 1)) {
          for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
            if (isOne(file) || file.startsWith(corpora().getFirst())) {
              found.put(file, Files.readAllBytes(file));
            }
          }
        }
      }
    }
    return found;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  private static Map<String, String> recipe(String text, int equals) {
    return Map.of(text.substring(0, equals), text.substring(equals + 1));
  }

  private static void weights(Path path) {
    try (WeightFile file = WeightFile.open(path);
        Arena arena = Arena.ofConfined()) {
      for (WeightFile.Stored t : file.tensors()) {
        file.read(t, t.type(), arena);
      }
    }
  }

  private static void allowing(Runnable read) {
    try {
      read.run();
    } catch (ModelcException e) {
      assert !e.render().isBlank();
    }
  }

  /** What is well formed is laid out once and for all. */
  private static void checkLayout(byte[] bytes) throws IOException {
    try {
      String text = SourceText.read(new ByteArrayInputStream(bytes), "main.model", Limits.DEFAULT);
      String once = Formatter.format("main.model", text, Limits.DEFAULT);
      if (!Formatter.format("main.model", once, Limits.DEFAULT).equals(once)) {
        throw new AssertionError("laid out twice it is another text");
      }
    } catch (DiagnosticException _) {
      // Said again by who reads it.
    }
  }

  private static void all(
      String source, List<Object> arguments, Map<String, Object> named, Path folder) {
    samples(Request.of(source, arguments, named, folder));
  }

  /** Opens a source and reads its first samples. */
  static void samples(Request request) {
    DataSet set = Data.open(request).train();
    List<Column> columns = set.columns();
    try (Arena arena = Arena.ofConfined()) {
      var rows = new MemorySegment[columns.size()];
      for (int c = 0; c < rows.length; c++) {
        rows[c] = arena.allocate(Math.max(1, columns.get(c).bytes()), 8);
      }
      for (long i = 0; i < Math.min(4, set.size()); i++) {
        set.read(i, 1, rows);
      }
    }
  }
}
