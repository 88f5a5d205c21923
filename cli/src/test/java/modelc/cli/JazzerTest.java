package modelc.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Runs Jazzer on the reader of each kind of file, in a process of its own with a heap of 1 GB:
 * {@code mvn test -Pjazzer -pl cli -am}, an hour in all or {@code -Djazzer.minutes=N}, of all kinds
 * or {@code -Djazzer.only=mask,map}. What it finds lies in {@code cli/target/jazzer}.
 */
@Tag("jazzer")
class JazzerTest {
  private static final int MINUTES = Integer.getInteger("jazzer.minutes", 60);

  /** Kinds to run, separated by commas; all if there are none. */
  private static final String ONLY = System.getProperty("jazzer.only", "");

  private static final int SECONDS = Math.ceilDiv(60 * MINUTES, ForeignFile.values().length);

  @ParameterizedTest
  @EnumSource
  void findsNothing(ForeignFile kind, @TempDir Path folder) throws Exception {
    assumeTrue(ONLY.isEmpty() || List.of(ONLY.split(",")).contains(kind.toString()));
    Path work = Files.createDirectories(Path.of("target/jazzer").resolve(kind.toString()));
    Path corpus = Files.createDirectories(folder.resolve("corpus"));
    int n = 0;
    for (byte[] bytes : kind.kept().values()) {
      Files.write(corpus.resolve("kept-" + n++), bytes);
    }
    Path log = work.resolve("log.txt");
    int code =
        new ProcessBuilder(command(kind, work, corpus, folder))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start()
            .waitFor();
    String last = last(log);
    System.out.println(kind + ": " + last);
    assertThat(code).as(kind + ": " + last + " (" + log + ")").isZero();
  }

  private static String last(Path log) throws IOException {
    return Files.readAllLines(log, StandardCharsets.ISO_8859_1).stream()
        .filter(l -> l.startsWith("Done ") || l.startsWith("SUMMARY"))
        .reduce("", (_, l) -> l);
  }

  private static List<String> command(ForeignFile kind, Path work, Path corpus, Path folder) {
    String classes =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx1g",
            "-XX:+UseSerialGC",
            "-XX:+EnableDynamicAgentLoading",
            "-Djava.awt.headless=true",
            "--enable-native-access=ALL-UNNAMED",
            "-Dmodelc.foreign=" + kind,
            "-Dmodelc.foreign.folder=" + folder.resolve("work"),
            "-cp",
            classes,
            "com.code_intelligence.jazzer.Jazzer",
            "--target_class=" + ForeignFileFuzzer.class.getName(),
            "--instrumentation_includes=modelc.**",
            // Name maps hold regular expressions on purpose.
            "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.RegexInjection",
            "--reproducer_path=" + work,
            "-artifact_prefix=" + work + "/",
            "-max_total_time=" + SECONDS,
            // Of the clock, in which other programs count: the target counts its own time.
            "-timeout=3600",
            "-rss_limit_mb=4000",
            "-max_len=8192",
            corpus.toString()));
    return command;
  }
}
