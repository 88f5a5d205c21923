package modelc.passes.vectorize;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import modelc.ir.loop.Expr;
import modelc.ir.loop.LoopKind;
import modelc.ir.loop.Renamer;
import modelc.ir.loop.Space;
import modelc.ir.loop.Stmt;

/**
 * Copies of a loop body side by side: their loops become one loop around all their bodies, so that
 * columns which are reduced next to each other read whole cache lines, and the chains of additions
 * of one hide the latency of another's. It does not ask whether the copies are independent: those
 * of a VECTOR loop are.
 */
final class Jam {
  /** Accumulators of all copies together, which live in registers. */
  private static final int MAX_ACCUMULATORS = 8;

  private static final int MAX_COPIES = 4;

  private final UnaryOperator<String> fresh;

  Jam(UnaryOperator<String> fresh) {
    this.fresh = fresh;
  }

  /** How many copies of {@code body} to put side by side, of {@code vectors} there are. */
  static int copies(Stmt body, long vectors) {
    List<Stmt> top = body instanceof Stmt.Block b ? b.body() : List.of(body);
    long loops = top.stream().filter(Jam::isSerial).count();
    long accumulators =
        top.stream()
            .filter(s -> s instanceof Stmt.Alloc a && a.buffer().space() == Space.REGISTER)
            .count();
    if (loops != 1 || accumulators == 0 || Vectorize.hasConditions(body)) {
      return 1;
    }
    int most = Math.clamp(MAX_ACCUMULATORS / accumulators, 1, MAX_COPIES);
    return IntStream.rangeClosed(1, most).filter(n -> vectors % n == 0).max().orElse(1);
  }

  private static boolean isSerial(Stmt s) {
    return s instanceof Stmt.For f && f.kind() == LoopKind.SERIAL;
  }

  /** One list of statements that does what all of {@code copies} do, if they have one form. */
  Optional<List<Stmt>> of(List<List<Stmt>> copies) {
    if (copies.stream().mapToInt(List::size).distinct().count() > 1) {
      return Optional.empty();
    }
    var out = new ArrayList<Stmt>();
    for (int i = 0; i < copies.getFirst().size(); i++) {
      int at = i;
      List<Stmt> same = copies.stream().map(c -> c.get(at)).toList();
      if (isSerial(same.getFirst())) {
        if (!same.stream().allMatch(Jam::isSerial)) {
          return Optional.empty();
        }
        Optional<Stmt> loop = loop(same.stream().map(Stmt.For.class::cast).toList());
        if (loop.isEmpty()) {
          return Optional.empty();
        }
        out.add(loop.get());
      } else {
        out.addAll(same);
      }
    }
    return Optional.of(out);
  }

  private Optional<Stmt> loop(List<Stmt.For> copies) {
    Stmt.For first = copies.getFirst();
    var bodies = new ArrayList<List<Stmt>>();
    for (Stmt.For f : copies) {
      if (!f.lower().equals(first.lower())
          || !f.upper().equals(first.upper())
          || f.step() != first.step()) {
        return Optional.empty();
      }
      Stmt body =
          f.var().equals(first.var())
              ? f.body()
              : new Renamer(fresh).substitute(f.var(), new Expr.VarRef(first.var())).stmt(f.body());
      bodies.add(body instanceof Stmt.Block b ? b.body() : List.of(body));
    }
    return of(bodies)
        .map(
            all ->
                new Stmt.For(
                    first.kind(),
                    first.var(),
                    first.lower(),
                    first.upper(),
                    first.step(),
                    new Stmt.Block(all)));
  }
}
