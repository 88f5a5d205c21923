package modelc.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import modelc.runtime.LimitException;
import org.junit.jupiter.api.Test;

/** Compiling ends within its limits, and has room for deep expressions. */
class BoundedTest {
  private static void refused(String code, String message, String cure, Supplier<?> work) {
    assertThatThrownBy(() -> Bounded.call("Net", work))
        .isInstanceOfSatisfying(
            LimitException.class,
            e -> {
              assertThat(e.code()).isEqualTo(code);
              assertThat(e.getMessage()).contains("compiling Net takes more than", message);
              assertThat(e.cure()).contains(cure);
            });
  }

  @Test
  void whatTakesTooLongIsGivenUpAndTold() throws InterruptedException {
    var ended = new CountDownLatch(1);
    System.setProperty(Bounded.SECONDS, "0");
    try {
      refused(
          "R0131",
          "0 seconds",
          "-Dmodelc.compile.seconds=",
          () -> {
            try {
              Thread.sleep(60_000);
            } catch (InterruptedException _) {
              ended.countDown();
            }
            return 1;
          });
    } finally {
      System.clearProperty(Bounded.SECONDS);
    }
    assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void whatNeedsMoreThanTheHeapIsTold() {
    refused("R0132", "MiB of heap", "-Xmx", () -> new long[Integer.MAX_VALUE - 8]);
  }

  @Test
  void whatIsThrownIsThrownOn() {
    var thrown = new IllegalStateException("mine");
    assertThatThrownBy(
            () ->
                Bounded.call(
                    "Net",
                    () -> {
                      throw thrown;
                    }))
        .isSameAs(thrown);
  }

  private static int depth(int n) {
    return n == 0 ? 0 : 1 + depth(n - 1);
  }

  @Test
  void theStackIsDeep() {
    assertThat(Bounded.call("Net", () -> depth(200_000))).isEqualTo(200_000);
  }
}
