package modelc.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import modelc.runtime.FileException;

/**
 * The folder of a bundle: {@code jre/}, a Java runtime with the modules that are needed; {@code
 * lib/}, the classes of runtime, data and the bundle's program with their libraries; {@code
 * models/}; and a launcher for each model.
 */
record BundleFolder(Path folder) {
  private static final String BASE = "java.base";

  /** What decodes and draws pictures. */
  private static final String PICTURES = "java.desktop";

  /** Parts of java.desktop that need a screen, a font or a loudspeaker. */
  private static final List<String> UNUSED =
      List.of(
          "libawt_xawt.so",
          "libsplashscreen.so",
          "libfontmanager.so",
          "libfreetype.so",
          "libjawt.so",
          "libjsound.so");

  /** A class of each part of the program; and of its own classes the packages. */
  private static final Map<Class<?>, String> PARTS =
      Map.of(
          modelc.runtime.Model.class, "modelc/runtime",
          modelc.data.Data.class, "modelc/data",
          modelc.bundle.Main.class, "modelc/bundle",
          com.google.gson.Gson.class, "com/google/gson",
          picocli.CommandLine.class, "picocli",
          de.siegmar.fastcsv.reader.CsvReader.class, "de/siegmar/fastcsv");

  /**
   * Makes the parts that all models share, unless they are there.
   *
   * @param pictures whether the Java runtime is to read pictures, which makes it half as large
   *     again
   */
  void prepare(boolean pictures) throws IOException {
    Files.createDirectories(folder.resolve("models"));
    Files.createDirectories(folder.resolve("lib"));
    if (!Files.isRegularFile(folder.resolve("jre/bin/java"))) {
      javaRuntime(pictures);
    }
    classes();
  }

  Path model(String name, String ending) {
    return folder.resolve("models").resolve(name + ending);
  }

  private void javaRuntime(boolean pictures) throws IOException {
    Path jre = folder.resolve("jre");
    if (Files.exists(jre)) {
      throw new FileException(
          "C0123", jre + " is there and is no Java runtime", "remove it, or name another folder");
    }
    var said = new ByteArrayOutputStream();
    var stream = new PrintStream(said, true, StandardCharsets.UTF_8);
    int code =
        ToolProvider.findFirst("jlink")
            .map(
                jlink ->
                    jlink.run(
                        stream,
                        stream,
                        "--add-modules",
                        pictures ? BASE + "," + PICTURES : BASE,
                        "--strip-debug",
                        "--no-header-files",
                        "--no-man-pages",
                        "--compress",
                        "zip-9",
                        "--output",
                        jre.toString()))
            .orElse(-1);
    if (code != 0) {
      throw new FileException(
          "C0124",
          "the JDK's jlink made no Java runtime: " + said.toString(StandardCharsets.UTF_8).strip(),
          "start modelc with a whole JDK: MODELC_JAVA_HOME=/path/to/jdk-25");
    }
    for (String unused : UNUSED) {
      Files.deleteIfExists(jre.resolve("lib").resolve(unused));
    }
  }

  /** One jar with all classes that run there, and the data they read. */
  private void classes() throws IOException {
    Path jar = folder.resolve("lib/modelc.jar");
    Set<String> written = new LinkedHashSet<>();
    try (OutputStream file = Files.newOutputStream(jar);
        var zip = new ZipOutputStream(file)) {
      for (Map.Entry<Class<?>, String> part : PARTS.entrySet()) {
        add(part.getKey(), part.getValue(), zip, written);
      }
    }
  }

  /** Adds what lies in a folder of the jar, or folder of classes, that {@code anchor} is from. */
  private static void add(
      Class<?> anchor, String packages, ZipOutputStream zip, Set<String> written)
      throws IOException {
    Path place;
    try {
      URI uri = anchor.getProtectionDomain().getCodeSource().getLocation().toURI();
      place = Path.of(uri);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
    if (Files.isDirectory(place)) {
      add(place, packages, zip, written);
    } else {
      try (FileSystem jar = FileSystems.newFileSystem(place)) {
        add(jar.getPath("/"), packages, zip, written);
      }
    }
  }

  private static void add(Path root, String packages, ZipOutputStream zip, Set<String> written)
      throws IOException {
    try (Stream<Path> files = Files.walk(root.resolve(packages))) {
      for (Path p : (Iterable<Path>) files.filter(Files::isRegularFile).sorted()::iterator) {
        String name = root.relativize(p).toString();
        if (written.add(name)) {
          zip.putNextEntry(new ZipEntry(name));
          Files.copy(p, zip);
          zip.closeEntry();
        }
      }
    }
  }

  /** The program: a shell script that finds its folder, through symbolic links. */
  void launcher(String name) throws IOException {
    Path script = folder.resolve(name);
    String text =
        """
        #!/bin/sh
        # Trains and runs the model %1$s: `%1$s --help`. MODELC_JAVA_OPTS passes options to the JVM.
        self=$0
        while [ -L "$self" ]; do
          link=$(readlink "$self")
          case $link in
            /*) self=$link ;;
            *) self=$(dirname "$self")/$link ;;
          esac
        done
        here=$(CDPATH='' cd -P "$(dirname "$self")" && pwd) || exit 3
        # shellcheck disable=SC2086
        exec "$here/jre/bin/java" --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC \
          -Djava.awt.headless=true ${MODELC_JAVA_OPTS:-} \
          -cp "$here/lib/modelc.jar" modelc.bundle.Main "$here/models/%1$s" "$@"
        """
            .formatted(name);
    Path temporary = folder.resolve(name + ".tmp");
    Files.writeString(temporary, text);
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.move(
        temporary, script, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** The size of all files. */
  long bytes() throws IOException {
    long sum = 0;
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path p : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        sum += Files.size(p);
      }
    }
    return sum;
  }
}
