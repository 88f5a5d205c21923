package modelc.passes.lower;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.ir.Dim;
import modelc.ir.loop.Buffer;
import modelc.ir.tensor.Op;
import modelc.ir.tensor.Value;
import modelc.passes.layout.Layout;
import modelc.passes.layout.Views;
import org.jspecify.annotations.Nullable;

/**
 * Where the values of an entry that have memory are: the buffer of each and the strides of its
 * logical axes.
 *
 * <p>It does not know which piece of the arena a buffer becomes.
 */
public final class Storage {
  /** Element {@code index} is at {@code sum(index[i] * strides[i])} of {@code buffer}. */
  public record Stored(Buffer buffer, List<Dim> strides) {
    public Stored {
      strides = List.copyOf(strides);
    }
  }

  private final Map<Value, Stored> stored = new HashMap<>();

  public void put(Value v, Buffer buffer, Layout layout) {
    stored.put(v, new Stored(buffer, layout.strides(v.type().shape())));
  }

  public @Nullable Stored get(Value v) {
    return stored.get(v);
  }

  /** The memory of {@code v} itself or of what it is a transposed or reshaped view of. */
  public Optional<Stored> view(Value v) {
    Value base = v;
    while (stored.get(base) == null) {
      switch (base.op()) {
        case Op.Transpose t -> base = t.x();
        case Op.Reshape r -> base = r.x();
        default -> {
          return Optional.empty();
        }
      }
    }
    Stored s = stored.get(base);
    return Views.strides(v, base, s.strides()).map(strides -> new Stored(s.buffer(), strides));
  }
}
