package modelc.frontend.elaborate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import modelc.frontend.ModelSummary;
import modelc.frontend.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The output-size formulas of the summary, worked out again as they stand there. */
class WindowFormulaTest {
  private static ModelSummary.Layer layer(String expression) {
    return Models.compile(
            "model M { input x: f32[4, 13, 10]\n output y = x -> " + expression + " }")
        .summary()
        .layers()
        .getLast();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "conv2d(2, 3) | 11 | 8",
        "conv2d(2, 4, padding = same) | 13 | 10",
        "conv2d(2, 3, padding = full) | 15 | 12",
        "conv2d(2, [5, 2], stride = [3, 2], padding = [2, 1]) | 5 | 6",
        "conv2d(2, 3, dilation = 2, padding = [[0, 3], [1, 0]]) | 12 | 7",
        "max_pool2d(3, stride = 2, ceil_mode = true) | 6 | 5",
        "max_pool2d(2, stride = 3, padding = 1, ceil_mode = true) | 5 | 4",
        "avg_pool2d(3, stride = 2, padding = 1) | 7 | 5",
        "conv_transpose2d(2, 3, stride = 2, padding = 1, extra = 1) | 26 | 20",
        "conv_transpose2d(2, 2, stride = 2) | 26 | 20",
        "conv_transpose2d(2, 3, stride = [3, 2], dilation = 2) | 41 | 23",
        "conv_transpose2d(2, 3, stride = 4, padding = same) | 52 | 40",
      })
  void comeOut(String expression, long height, long width) {
    ModelSummary.Layer layer = layer(expression);
    assertThat(layer.output().dim(1).constant()).isEqualTo(height);
    assertThat(layer.output().dim(2).constant()).isEqualTo(width);
    List<String> formulas = layer.windows();
    assertThat(formulas).isNotEmpty();
    for (int i = 0; i < 2; i++) {
      String formula = formulas.get(Math.min(i, formulas.size() - 1));
      int equals = formula.indexOf(" = ");
      long right = Long.parseLong(formula.substring(equals + 3));
      assertThat(right).isEqualTo(i == 0 ? height : width);
      // A ceiled window that would begin beyond the input is left out again.
      long left = new Sum(formula.substring(0, equals)).value();
      assertThat(left - right).as(formula).isBetween(0L, formula.startsWith("ceil") ? 1L : 0L);
    }
  }

  @Test
  void areWritten() {
    assertThat(layer("conv2d(2, 3, stride = 2, padding = 1)").windows())
        .containsExactly("(13 - 3 + 2*1)/2 + 1 = 7", "(10 - 3 + 2*1)/2 + 1 = 5");
    assertThat(layer("conv_transpose2d(2, 3, stride = 2, padding = 1)").windows())
        .containsExactly("(13 - 1)*2 + 3 - 2 = 25", "(10 - 1)*2 + 3 - 2 = 19");
  }

  /** Sums, products and floored quotients, by recursive descent. */
  private static final class Sum {
    private final String text;
    private int at;

    Sum(String text) {
      this.text = text.replace(" ", "");
    }

    long value() {
      long v = product();
      while (at < text.length() && "+-".indexOf(text.charAt(at)) >= 0) {
        v = text.charAt(at++) == '+' ? v + product() : v - product();
      }
      return v;
    }

    private long product() {
      boolean ceil = text.startsWith("ceil", at);
      at += ceil ? 4 : 0;
      if (ceil) {
        at++;
        long up = factor();
        at++;
        long by = factor();
        at++;
        return Math.ceilDiv(up, by);
      }
      long v = factor();
      while (at < text.length() && "*/".indexOf(text.charAt(at)) >= 0) {
        v = text.charAt(at++) == '*' ? v * factor() : Math.floorDiv(v, factor());
      }
      return v;
    }

    private long factor() {
      if (text.charAt(at) == '(') {
        at++;
        long v = value();
        at++;
        return v;
      }
      int from = at;
      while (at < text.length() && Character.isDigit(text.charAt(at))) {
        at++;
      }
      return Long.parseLong(text.substring(from, at));
    }
  }
}
