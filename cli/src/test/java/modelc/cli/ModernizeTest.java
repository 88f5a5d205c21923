package modelc.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ModernizeTest {
  @TempDir Path folder;

  /** The library in today's form passes the verifier, and works. */
  @Test
  void picocliWorksInTodaysForm()
      throws IOException, URISyntaxException, ReflectiveOperationException {
    URI library = CommandLine.class.getProtectionDomain().getCodeSource().getLocation().toURI();
    Path modern = folder.resolve("picocli.jar");
    Modernize.main(new String[] {Path.of(library).toString(), modern.toString()});
    try (var loader = new URLClassLoader(new URL[] {modern.toUri().toURL()}, null)) {
      Class<?> spec = loader.loadClass("picocli.CommandLine$Model$CommandSpec");
      assertThat(version(loader, "picocli/CommandLine.class")).isEqualTo(65);
      assertThat(version(CommandLine.class.getClassLoader(), "picocli/CommandLine.class"))
          .as("of a form the cache takes: Modernize is not needed any more")
          .isLessThan(50);
      Object made = spec.getMethod("create").invoke(null);
      spec.getMethod("name", String.class).invoke(made, "tried");
      Class<?> line = loader.loadClass("picocli.CommandLine");
      Object usage =
          line.getMethod("getUsageMessage")
              .invoke(line.getConstructor(Object.class).newInstance(made));
      assertThat(usage).asString().contains("Usage: tried");
    }
  }

  /** The major version of a class file stands in its bytes 6 and 7. */
  private static int version(ClassLoader loader, String file) throws IOException {
    try (var in = loader.getResourceAsStream(file)) {
      byte[] head = java.util.Objects.requireNonNull(in).readNBytes(8);
      return (head[6] & 0xff) << 8 | head[7] & 0xff;
    }
  }
}
