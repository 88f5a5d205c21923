package modelc.ir;

import java.util.List;
import java.util.Optional;

/**
 * Where a value comes from: kept through every pass, so that a profile or a message can name a line
 * of the source.
 *
 * @param path the layer's path of bindings and labels ({@code conv1}, {@code stage[2].conv1}),
 *     empty outside any layer
 * @param chain source spans, the user's own line first, then the library lines it came through
 * @param role which part of the step it belongs to
 */
public record Origin(String path, List<Span> chain, Role role) {
  public static final Origin NONE = new Origin("", List.of(), Role.FORWARD);

  public Origin {
    chain = List.copyOf(chain);
  }

  public Origin withRole(Role role) {
    return new Origin(path, chain, role);
  }

  /** The user's own line. */
  public Optional<Span> user() {
    return chain.isEmpty() ? Optional.empty() : Optional.of(chain.getFirst());
  }

  @Override
  public String toString() {
    return user().map(Span::toString).orElse("?") + (path.isEmpty() ? "" : " " + path) + " " + role;
  }
}
