package modelc.compiler;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import modelc.passes.analysis.IndexRanges;
import org.junit.jupiter.api.Test;

/** What a label may be is read off the loss, whatever it is written with. */
class IndexRangesTest {
  /** The ranges of the inputs of both entries that have a loss, which must agree. */
  private static Map<String, IndexRanges.Range> ranges(String loss, String metric) {
    var steps =
        new Steps(
            """
            fn own(logits: [..., classes], label: i32[...]) -> [...] {
                return logsumexp(logits, over = classes) - pick(logits, label, axis = classes)
            } gradient (y, dy) {
                return [0 * logits, 0]
            }

            fn stated(logits: [..., classes], label: i32[...]) -> [...] {
                return own(logits, label)
            }

            model Tells {
                input x: f32[2]
                output logits = x -> fc: dense(5)
                output few = logits -> dense(3)
            }

            train Tells {
                data      = points()
                loss      = %s
                metrics   = %s
                optimizer = sgd(lr = 0.1)
                batch     = 4
            }
            """
                .formatted(loss, metric));
    Map<String, IndexRanges.Range> found = IndexRanges.of(steps.program().entry("train"));
    assertThat(IndexRanges.of(steps.program().entry("eval"))).isEqualTo(found);
    return found;
  }

  private static Map<String, IndexRanges.Range> ranges(String loss) {
    return ranges(loss, "accuracy(logits, label)");
  }

  private static Map<String, IndexRanges.Range> label(long count, Long... others) {
    return Map.of("label", new IndexRanges.Range(count, new TreeSet<>(Set.of(others))));
  }

  @Test
  void lossesPickAmongTheClasses() {
    assertThat(ranges("cross_entropy(logits, label)")).isEqualTo(label(5));
    assertThat(ranges("cross_entropy(logits, label, smoothing = 0.1)")).isEqualTo(label(5));
    assertThat(ranges("focal(logits, label)")).isEqualTo(label(5));
    assertThat(ranges("mse(softmax(logits), one_hot(label, 5))")).isEqualTo(label(5));
    assertThat(ranges("stated(logits, label)")).isEqualTo(label(5));
    assertThat(ranges("take(few, label, axis = last)")).isEqualTo(label(3));
  }

  @Test
  void whatIsReplacedBeforeMayBeAnything() {
    assertThat(ranges("weighted_cross_entropy(logits, label, ignore = 255)"))
        .isEqualTo(label(5, 255L));
    assertThat(ranges("weighted_cross_entropy(logits, label, weights = [1, 1, 1, 1, 2])"))
        .isEqualTo(label(5, -100L));
    assertThat(ranges("cross_entropy(logits, max(label, 0))")).isEmpty();
    assertThat(ranges("mse(logits, one_hot(where(label == -1, -1, label), 5))"))
        .isEqualTo(label(5, -1L));
  }

  @Test
  void allUsesMustBePossible() {
    assertThat(ranges("cross_entropy(logits, label) + cross_entropy(few, label)"))
        .isEqualTo(label(3));
    String both = "weighted_cross_entropy(few, label, ignore = %d) + cross_entropy(logits, label)";
    assertThat(ranges(both.formatted(4))).isEqualTo(label(3, 4L));
    assertThat(ranges(both.formatted(7))).isEqualTo(label(3));
  }

  @Test
  void metricsBoundNothing() {
    String all = "[accuracy(logits, label), top_k(logits, label, k = 2), confusion(logits, label)]";
    assertThat(ranges("mse(logits, 1)", all)).isEmpty();
  }
}
