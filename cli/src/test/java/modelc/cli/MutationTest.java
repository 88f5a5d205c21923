package modelc.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Files of every kind, kept ones and such mutated at random: each is read or refused with a code,
 * within two seconds of the processor and, in the profile {@code fuzz}, a heap of 1 GB.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MutationTest {
  /** Split where two spaces stand. */
  private static final List<String> WORDS =
      List.of(
          ("(  )  [  ]  {  }  ->  =  <-  ,  :  ...  ..  ^  -  *  @  \"{\"  \"  //  \n"
                  + "  \0  \u00e9  x  '  9223372036854775807  1e308  -1  0  batch  none  all  training"
                  + "  f32[]  i32[batch]  if x   then 1   else 2   not   on   for i in 1..3   param w:"
                  + "   state s:   input x:   output y =   return   assert   gradient(y, g)  model M  "
                  + " train M   layer l   fn f(x)   import a from \"b\"  {\"a\":[  null "
                  + " \u00ff\u00ff\u00ff\u00ff  PK\u0003\u0004")
              .split("  "));

  @TempDir Path folder;

  /** One mutated file. */
  private static byte[] mutated(byte[] file, List<byte[]> others, SplittableRandom random) {
    byte[] bytes = file;
    for (int n = 1 + random.nextInt(1 + random.nextInt(4)); n > 0; n--) {
      int at = random.nextInt(bytes.length + 1);
      int length = random.nextInt(1 + Math.min(bytes.length - at, 1 + random.nextInt(40)));
      bytes =
          switch (random.nextInt(7)) {
            case 0 -> spliced(bytes, at, at + length, new byte[0]);
            case 1 -> spliced(bytes, at, at, slice(bytes, at, at + length));
            case 2 -> spliced(bytes, at, at + length, word(random));
            case 3 -> spliced(bytes, at, at, word(random));
            case 4 -> spliced(bytes, at, Math.min(at + 1, bytes.length), flipped(random));
            case 5 -> {
              byte[] other = others.get(random.nextInt(others.size()));
              int from = random.nextInt(other.length + 1);
              int to = Math.min(other.length, from + random.nextInt(200));
              yield spliced(bytes, at, at + length, slice(other, from, to));
            }
            default ->
                random.nextInt(4) == 0 ? slice(bytes, 0, at) : spliced(bytes, at, at, word(random));
          };
    }
    return bytes;
  }

  private static byte[] word(SplittableRandom random) {
    return WORDS.get(random.nextInt(WORDS.size())).getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] flipped(SplittableRandom random) {
    return new byte[] {(byte) random.nextInt(256)};
  }

  private static byte[] slice(byte[] bytes, int from, int to) {
    return Arrays.copyOfRange(bytes, from, to);
  }

  private static byte[] spliced(byte[] bytes, int from, int to, byte[] with) {
    var out = new ByteArrayOutputStream();
    out.write(bytes, 0, from);
    out.writeBytes(with);
    out.write(bytes, to, bytes.length - to);
    return out.toByteArray();
  }

  private void mutate(ForeignFile kind, long firstSeed, int count) throws IOException {
    List<byte[]> kept = new ArrayList<>(kind.kept().values());
    for (byte[] bytes : kept) {
      kind.takes(folder, bytes); // loads the classes, which takes longer than any file may
    }
    int taken = 0;
    for (long seed = firstSeed; seed < firstSeed + count; seed++) {
      var random = new SplittableRandom(seed);
      byte[] bytes = mutated(kept.get(random.nextInt(kept.size())), kept, random);
      try {
        taken += kind.takesInTime(folder, bytes) ? 1 : 0;
      } catch (Throwable e) {
        fail(kind + ", seed " + seed + ": " + Base64.getEncoder().encodeToString(bytes), e);
      }
    }
    System.out.printf("%s: %,d mutations, %,d of them taken%n", kind, count, taken);
  }

  /** Sound files, broken ones, and what fuzzers found once. */
  @ParameterizedTest
  @EnumSource
  void whatIsKeptIsReadOrRefused(ForeignFile kind) throws IOException {
    Map<Path, byte[]> kept = kind.kept();
    assertThat(kept).as("files of kind " + kind).isNotEmpty();
    int taken = 0;
    for (Map.Entry<Path, byte[]> e : kept.entrySet()) {
      taken += kind.takes(folder, e.getValue()) ? 1 : 0;
    }
    assertThat(taken).as("files of kind " + kind + " that are read").isPositive();
  }

  @ParameterizedTest
  @EnumSource
  void fewMutations(ForeignFile kind) throws IOException {
    mutate(kind, 1, kind == ForeignFile.MODEL ? 300 : 60);
  }

  @Test
  @Tag("fuzz")
  void tenThousandMutationsOfModels() throws IOException {
    mutate(ForeignFile.MODEL, 1_000_000, 10_000);
  }

  @ParameterizedTest
  @EnumSource
  @Tag("fuzz")
  void aThousandMutations(ForeignFile kind) throws IOException {
    mutate(kind, 2_000_000, 1_000);
  }
}
