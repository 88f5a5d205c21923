package modelc.frontend.elaborate;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import modelc.frontend.ast.Decl;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.TensorType;
import modelc.ir.tensor.Value;
import org.jspecify.annotations.Nullable;

/**
 * What an expression evaluates to at compile time. A tensor is known by its Tensor IR value and its
 * axes' names.
 */
sealed interface Val {

  /**
   * An integer; {@code axis} is the name it was found under, so that a size can stand for its axis.
   */
  record Int(long value, @Nullable AxisName axis) implements Val {
    Int(long value) {
      this(value, null);
    }

    @Override
    public boolean equals(@Nullable Object o) {
      return o instanceof Int i && i.value == value;
    }

    @Override
    public int hashCode() {
      return Long.hashCode(value);
    }
  }

  /** A size known only at run time. */
  record Size(Dim dim, @Nullable AxisName axis) implements Val {}

  record Real(double value) implements Val {}

  record Bool(boolean value) implements Val {}

  record Str(String value) implements Val {}

  record ListVal(List<Val> items) implements Val {
    public ListVal {
      items = List.copyOf(items);
    }
  }

  /** No value: an argument that was not given. */
  record None() implements Val {}

  /** Axes to reduce or to work along. */
  record Axes(List<Axis> axes) implements Val {}

  /** One axis, by name or by place. */
  sealed interface Axis {
    record Named(AxisName name) implements Axis {}

    /** The one after batch. */
    record Channel() implements Axis {}

    record Last() implements Axis {}

    /** Every axis there is. */
    record All() implements Axis {}
  }

  /** One integer an axis of space: {@code [3, 5]}; a single one stands for all. */
  record Ints(List<Long> values) implements Val {
    long at(int axis) {
      return values.size() == 1 ? values.getFirst() : values.get(axis);
    }
  }

  /** How a window is padded. */
  sealed interface Padding extends Val {
    record Valid() implements Padding {}

    record Same() implements Padding {}

    record Full() implements Padding {}

    /** Per axis of space; a single one stands for all. */
    record Explicit(List<Long> low, List<Long> high) implements Padding {}
  }

  record Element(DType dtype) implements Val {}

  /** Sums over all batches, and what they are divided by in the end, if anything: a metric. */
  record Tally(Tensor sums, @Nullable Tensor of) implements Val {}

  /** A tensor; {@code axes} has a name, or null, for each. */
  record Tensor(Value value, List<@Nullable AxisName> axes) implements Val {
    public Tensor {
      axes = Collections.unmodifiableList(new ArrayList<>(axes));
    }

    TensorType type() {
      return value.type();
    }

    int rank() {
      return value.type().rank();
    }
  }

  record Function(Decl.Fn decl, Module module) implements Val {
    // One declaration is one function; comparing whole trees would say the same, slowly.
    @SuppressWarnings("ReferenceEquality")
    @Override
    public boolean equals(@Nullable Object o) {
      return o instanceof Function f && f.decl == decl;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(decl);
    }
  }

  record Builtin(Primitive primitive) implements Val {}

  /** A layer or model, not yet configured. */
  record LayerKind(Decl decl, Module module) implements Val {}

  /** A layer with its configuration and its own parameters. */
  record Configured(Instance instance) implements Val {}

  record OptimizerKind(Decl.Optimizer decl, Module module) implements Val {}

  /** An optimizer with its settings, bound when it is applied to a parameter. */
  record ConfiguredOptimizer(Decl.Optimizer decl, Module module, Map<String, Val> config)
      implements Val {}

  /** The outputs of a model that has several. */
  record Outputs(Map<String, Val> byName) implements Val {}

  /** The value of something that was reported already: whatever uses it stays silent. */
  record Poison() implements Val {}

  None NONE = new None();
  Poison POISON = new Poison();
}
