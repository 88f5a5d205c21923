package modelc.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Runs other programs and reads the numbers they print. */
final class Programs {
  private Programs() {}

  /** What a program prints; it must succeed. */
  static String output(Path folder, List<?> command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command.stream().map(Object::toString).toList())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }

  static boolean isInstalled(String program) {
    return Stream.of(System.getenv("PATH").split(":", -1))
        .anyMatch(p -> Files.isExecutable(Path.of(p, program)));
  }

  static float[] numbers(String text) {
    String[] words = text.replaceAll("[\\[\\],]", " ").strip().split("\\s+", -1);
    float[] numbers = new float[words.length];
    for (int i = 0; i < words.length; i++) {
      numbers[i] = Float.parseFloat(words[i]);
    }
    return numbers;
  }
}
