package modelc.compiler;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import modelc.frontend.Frontend;
import modelc.frontend.FrontendOptions;
import modelc.ir.tensor.Program;
import modelc.runtime.Session;
import org.junit.jupiter.api.Test;

/** A model that measures itself computes what it should, and counts every launch's cycles. */
class TimedModelTest {
  private static final String TEXT =
      """
      model Sums {
          input x: f32[4096]
          output y = sum(x, over = last)
      }
      """;

  @Test
  void launchesAreMeasured() {
    var options =
        new FrontendOptions(
            Map.of(),
            Map.of(),
            _ -> {
              throw new AssertionError("no data is asked for");
            });
    Program program = Frontend.load("sums.model", TEXT, options).program();
    try (TimedModel timed = TimedModel.compile(program);
        Session session = timed.model().open(2)) {
      var call = session.call("infer").size("batch", 3);
      var x = call.input("x");
      for (long i = 0; i < x.elements(); i++) {
        x.data().setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (i / 4096)); // the row
      }
      call.run();
      call.run();

      assertThat(call.output("y").data().getAtIndex(ValueLayout.JAVA_FLOAT, 2)).isEqualTo(8192f);
      List<TimedModel.Launch> launches = timed.launches("infer");
      assertThat(launches).isNotEmpty().allMatch(l -> l.cycles() > 0 && l.bytes() > 0);
      timed.reset("infer");
      assertThat(timed.launches("infer")).allMatch(l -> l.cycles() == 0);
    }
  }
}
