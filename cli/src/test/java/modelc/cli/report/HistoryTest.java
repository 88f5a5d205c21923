package modelc.cli.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistoryTest {
  @TempDir Path folder;

  private History read(String text) throws IOException {
    var history = new History();
    history.read(Files.writeString(folder.resolve("log.csv"), text));
    return history;
  }

  @Test
  void epochsComeFromTheLog() throws IOException {
    History h =
        read(
            """
            epoch,step,loss,val_loss,seconds,samples_per_second,waited
            1,10,2.5,NaN,3.0,100,0.5
            2,15,2.0,1.5,1.0,100,0.0
            2,20,1.9,1.4,1.0,100,0.0
            3,3
            x,y,z,1,2,3,4
            """);
    assertThat(h.rows()).extracting(History.Row::epoch).containsExactly(1, 2);
    // The whole epoch stands for the one that was cut short.
    assertThat(h.rows().getLast().step()).isEqualTo(20);
    assertThat(h.rows().getLast().metrics()).containsOnlyKeys("loss", "val_loss");
    assertThat(h.rows().getFirst().metrics().get("val_loss")).isNaN();
    assertThat(h.waited()).isEqualTo(0.375);
    assertThat(h.seconds()).isEqualTo(4);
  }

  @Test
  void noLogOrAnotherFileIsNoHistory() throws IOException {
    var none = new History();
    none.read(folder.resolve("absent.csv"));
    assertThat(none.rows()).isEmpty();
    assertThat(none.waited()).isNaN();
    assertThat(read("").rows()).isEmpty();
    assertThat(read("what,is\nthis,1\n").rows()).isEmpty();
  }
}
