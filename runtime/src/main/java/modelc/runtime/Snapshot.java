package modelc.runtime;

import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/** A copy of a session's parameters and states, to return to; its memory is taken once. */
final class Snapshot implements AutoCloseable {
  private final Session session;
  private final Arena arena = Arena.ofShared();
  private final SequencedMap<String, Tensor> copies = new LinkedHashMap<>();

  /** Copies what the session holds now. */
  Snapshot(Session session) {
    this.session = session;
    try {
      session
          .variables(k -> k == Kind.PARAMETER || k == Kind.STATE)
          .forEach(
              (name, t) ->
                  copies.put(
                      name,
                      Tensor.wrap(
                          t.type(),
                          t.shape(),
                          NativeMemory.allocate(arena, t.data().byteSize(), "a copy of " + name)
                              .asSlice(0, t.data().byteSize()))));
    } catch (ModelcException e) {
      arena.close();
      throw e;
    }
    capture();
  }

  /** Copies what the session holds now. */
  void capture() {
    session.locked(
        () -> copies.forEach((name, t) -> t.data().copyFrom(session.variable(name).data())));
  }

  /** Gives the session back what was copied. */
  void restore() {
    session.locked(
        () -> copies.forEach((name, t) -> session.variable(name).data().copyFrom(t.data())));
  }

  SequencedMap<String, Tensor> tensors() {
    return copies;
  }

  @Override
  public void close() {
    arena.close();
  }
}
