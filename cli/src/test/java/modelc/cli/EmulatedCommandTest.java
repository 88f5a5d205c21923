package modelc.cli;

import static modelc.cli.Run.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --device ptx-emulator}: the losses are the CPU's, and a run moves between the two. */
class EmulatedCommandTest {
  @TempDir Path folder;

  @Test
  void trainsAsTheCpuDoes() {
    JsonObject whole = train("whole", "cpu");
    train("moved", "ptx-emulator", "--steps", "2");
    JsonObject moved = train("moved", "cpu", "--resume");
    JsonObject emulated = train("emulated", "ptx-emulator");
    for (JsonObject run : List.of(moved, emulated)) {
      assertThat(loss(run)).isCloseTo(loss(whole), within(1e-5 * loss(whole)));
    }
  }

  private JsonObject train(String to, String device, String... more) {
    List<Object> words = new ArrayList<>(List.of("train", Run.EXAMPLES.resolve("xor.model")));
    words.addAll(List.of("epochs=4", "--device", device, "--json", "--out", folder.resolve(to)));
    words.addAll(List.of(more));
    Run run = run(words.toArray());
    assertThat(run.code()).as(run.err()).isZero();
    return JsonParser.parseString(run.out().lines().toList().getLast()).getAsJsonObject();
  }

  private static double loss(JsonObject run) {
    return run.getAsJsonObject("best").get("loss").getAsDouble();
  }
}
