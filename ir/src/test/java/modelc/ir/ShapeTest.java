package modelc.ir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ShapeTest {
  private static final Symbol BATCH = new Symbol("batch", 64);
  private static final Symbol TIME = new Symbol("time", 10);
  private static final Dim B = Dim.of(BATCH);
  private static final Dim T = Dim.of(TIME);

  @Test
  void productsCommute() {
    assertThat(B.times(3).times(T)).isEqualTo(T.times(B).times(3)).hasToString("3*batch*time");
    assertThat(B.times(B)).isEqualTo(new Dim(1, List.of(BATCH, BATCH))).isNotEqualTo(B);
    assertThat(Dim.ONE.times(B)).isEqualTo(B);
  }

  @Test
  void zeroForgetsItsSymbols() {
    assertThat(B.times(0)).isEqualTo(Dim.of(0));
    assertThat(B.times(0).isConstant()).isTrue();
    assertThat(B.times(0).constant()).isZero();
  }

  @Test
  void sumsNeedTheSameSymbols() {
    assertThat(B.plus(B)).isEqualTo(B.times(2));
    assertThat(Dim.of(2).plus(Dim.of(3))).isEqualTo(Dim.of(5));
    assertThat(B.plus(Dim.of(0))).isEqualTo(B);
    assertThat(Dim.of(0).plus(B)).isEqualTo(B);
    assertThatThrownBy(() -> B.plus(T))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("cannot add sizes batch and time");
    assertThatThrownBy(() -> B.plus(Dim.ONE)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void quotientsAreExactOrNone() {
    assertThat(B.times(6).dividedBy(Dim.of(3))).contains(B.times(2));
    assertThat(B.times(6).dividedBy(B)).contains(Dim.of(6));
    assertThat(B.times(6).dividedBy(Dim.of(4))).isEmpty();
    assertThat(B.dividedBy(T)).isEmpty();
    assertThat(B.dividedBy(B.times(B))).isEmpty();
    assertThat(B.dividedBy(Dim.of(0))).isEmpty();
    assertThat(Dim.of(0).dividedBy(Dim.of(5))).contains(Dim.of(0));
  }

  @Test
  void overflowIsAnErrorEverywhere() {
    Dim huge = Dim.of(Long.MAX_VALUE);
    assertThatThrownBy(() -> huge.times(2)).isInstanceOf(ArithmeticException.class);
    assertThatThrownBy(() -> huge.plus(Dim.ONE)).isInstanceOf(ArithmeticException.class);
    assertThatThrownBy(() -> Dim.of(Long.MAX_VALUE / 8).times(B).max())
        .isInstanceOf(ArithmeticException.class);
    assertThatThrownBy(() -> Shape.of(1L << 32, 1L << 31).elements())
        .isInstanceOf(ArithmeticException.class);
    assertThatThrownBy(() -> Dim.of(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void valuesAtRunTime() {
    Dim d = B.times(T).times(3);
    assertThat(d.max()).isEqualTo(3 * 64 * 10);
    assertThat(d.evaluate(s -> s.equals(BATCH) ? 2 : 5)).isEqualTo(30);
    assertThat(Shape.of(B, Dim.of(7)).evaluate(_ -> 4)).containsExactly(4, 7);
    assertThatThrownBy(B::constant)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("size batch is known only at run time");
    assertThat(Dim.ONE.isOne()).isTrue();
    assertThat(B.isOne()).isFalse();
  }

  @Test
  void elementsOfShapes() {
    assertThat(Shape.SCALAR.elements()).isEqualTo(Dim.ONE);
    assertThat(Shape.of(2, 3, 4).elements()).isEqualTo(Dim.of(24));
    assertThat(Shape.of(2, 0, 4).elements()).isEqualTo(Dim.of(0));
    assertThat(Shape.of(B, Dim.of(28), B).elements()).hasToString("28*batch*batch");
    assertThat(Shape.of(2, 3).isConstant()).isTrue();
    assertThat(Shape.of(B).isConstant()).isFalse();
  }

  @Test
  void typesAreWrittenAsInTheTextForm() {
    assertThat(new TensorType(DType.F32, Shape.of(B, Dim.of(28)))).hasToString("f32[batch,28]");
    assertThat(TensorType.scalar(DType.BOOL)).hasToString("bool[]");
    for (DType t : DType.values()) {
      assertThat(DType.parse(t.toString())).isEqualTo(t);
    }
    assertThatThrownBy(() -> DType.parse("f16")).hasMessage("unknown element type: f16");
  }

  @Test
  void aSymbolNeedsAPositiveMaximum() {
    assertThatThrownBy(() -> new Symbol("batch", 0))
        .hasMessage("symbol batch needs a maximum of at least 1, not 0");
  }
}
