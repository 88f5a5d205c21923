package modelc.frontend.diagnostic;

/** Every kind of diagnostic, with its number and a one-line title. */
public enum Code {
  // Text and syntax.
  UNKNOWN_CHARACTER("E0101", "a character the language does not know"),
  OPEN_STRING("E0102", "a text that is not closed on its line"),
  SYNTAX("E0103", "something else was expected here"),
  RESERVED_WORD("E0104", "a word kept for a later version of the language"),
  BAD_NUMBER("E0105", "a number that cannot be represented"),
  BAD_TEXT("E0106", "a text with a bad escape or a bad value in braces"),

  // Limits: the source may be right, but costs more than is allowed.
  LIMIT_NESTING("E0901", "brackets or operators nested too deeply"),
  LIMIT_FILE("E0902", "a source file that is too large"),
  LIMIT_STATEMENT("E0903", "a statement that is too long");

  private final String number;
  private final String title;

  Code(String number, String title) {
    this.number = number;
    this.title = title;
  }

  /** One line that says what kind of mistake it is. */
  public String title() {
    return title;
  }

  /** True for limits (E09xx), which end compilation without the source being wrong. */
  public boolean isLimit() {
    return number.startsWith("E09");
  }

  /** The number, as in messages: {@code E0103}. */
  @Override
  public String toString() {
    return number;
  }
}
