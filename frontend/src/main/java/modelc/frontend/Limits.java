package modelc.frontend;

/**
 * What a source may cost. Reaching a limit is a diagnostic of its own (E09xx) that says its name;
 * none is ever a crash.
 *
 * @param fileBytes of one source file
 * @param nesting of brackets
 * @param depth of the syntax tree, operators included
 * @param statementTokens words and signs of one statement
 * @param files of one project
 * @param calls functions and layers being evaluated inside each other
 * @param fuel expressions and statements evaluated at compile time
 * @param seconds that evaluating takes
 * @param values Tensor IR values built
 * @param listItems of one list, those of lists inside it included; characters of one text
 * @param elements of one tensor, at the largest batch
 * @param diagnostics reported at once
 */
public record Limits(
    int fileBytes,
    int nesting,
    int depth,
    int statementTokens,
    int files,
    int calls,
    long fuel,
    int seconds,
    int values,
    int listItems,
    long elements,
    int diagnostics) {
  public static final Limits DEFAULT =
      new Limits(
          1 << 20, 200, 2_000, 20_000, 64, 200, 10_000_000, 60, 500_000, 100_000, 1L << 33, 20);

  public Limits withFuel(long fuel) {
    return new Limits(
        fileBytes,
        nesting,
        depth,
        statementTokens,
        files,
        calls,
        fuel,
        seconds,
        values,
        listItems,
        elements,
        diagnostics);
  }

  public Limits withValues(int values) {
    return new Limits(
        fileBytes,
        nesting,
        depth,
        statementTokens,
        files,
        calls,
        fuel,
        seconds,
        values,
        listItems,
        elements,
        diagnostics);
  }
}
