package modelc.ir;

/**
 * A stretch of source text.
 *
 * @param file as the user named it, or {@code <std>/...} for the standard library
 * @param line of its first character, from 1
 * @param column of its first character, from 1
 * @param endLine of its last character
 * @param endColumn one past its last character, from 1
 */
public record Span(String file, int line, int column, int endLine, int endColumn) {
  @Override
  public String toString() {
    return file + ":" + line + ":" + column;
  }
}
