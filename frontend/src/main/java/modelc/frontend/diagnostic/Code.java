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

  // Names.
  UNKNOWN_NAME("E0201", "a name that means nothing here"),
  DEFINED_TWICE("E0202", "a name defined twice"),
  PERHAPS_UNBOUND("E0203", "a name that is not bound on every way to its use"),
  UNKNOWN_ARGUMENT("E0204", "an argument for a parameter that does not exist"),
  MISSING_ARGUMENT("E0205", "an argument that is missing"),
  TOO_MANY_ARGUMENTS("E0206", "more arguments than parameters"),
  REPEATED_ARGUMENT("E0207", "an argument given twice"),
  NO_MEMBER("E0208", "a member that does not exist"),
  LABEL("E0209", "a label that names two things"),
  UNKNOWN_TYPE("E0210", "a type that does not exist"),

  // Values, types and shapes.
  SHAPE_MISMATCH("E0301", "a tensor that does not fit the shape asked for"),
  SHAPES("E0302", "shapes that do not go together"),
  AXES_CONFLICT("E0303", "axes with different names on the same place"),
  ARGUMENT_TYPE("E0304", "a value of the wrong kind"),
  ELEMENT_TYPES("E0305", "elements of the wrong type"),
  NO_AXIS("E0306", "an axis that does not exist or is not named"),
  OPERANDS("E0307", "an operator that does not apply to its operands"),
  INEXACT_DIVISION("E0308", "a division that is not exact"),
  OVERFLOW("E0309", "a number or size that is too large"),
  RUN_TIME_VALUE("E0310", "something needed at compile time that is known only at run time"),
  BAD_PATTERN("E0311", "a shape pattern that makes no sense"),
  INDEX("E0312", "an index outside its list or axis"),
  UNPACK("E0313", "names and values that do not pair up"),
  WINDOW("E0314", "a window that does not fit"),
  ASSERTION("E0315", "an assertion that does not hold"),
  NOT_CALLABLE("E0316", "something that cannot be called or applied"),
  NO_RESULT("E0317", "a function or layer that returns nothing"),
  NO_EFFECT("E0318", "a statement that does nothing"),
  ILL_TYPED("E0319", "operands a primitive does not take"),

  // Layers, parameters, states, gradients.
  LAYER_IN_FN("E0401", "a layer made where no layer can own it"),
  NOT_CONFIGURED("E0402", "a layer that is not configured"),
  SHARED_DIFFERS("E0403", "a shared layer or parameter that would have to differ"),
  MISPLACED("E0404", "a statement in the wrong kind of declaration"),
  HIDDEN_BY_PHASE("E0405", "something that exists only while training or only in inference"),
  NOT_IN_THIS_PHASE("E0406", "a value or update that this phase does not have"),
  NOT_A_STATE("E0407", "an update of something that does not persist"),
  STATE_ASSIGNED("E0408", "a state bound like a name"),
  GRADIENT("E0409", "a stated gradient that does not fit"),
  NO_OUTPUT("E0410", "a model without an output"),
  NO_MODEL("E0411", "no model to compile, or several"),

  // Recipes.
  UNKNOWN_KEY("E0501", "a key a recipe does not have"),
  MISSING_KEY("E0502", "a key a recipe needs"),
  BAD_SETTING("E0503", "a value a key does not take"),
  DATA_COLUMN("E0504", "data that does not fit the model"),
  DATA_REFUSED("E0505", "a data source that cannot be used so"),
  NOT_YET("E0506", "something that is not supported yet"),
  BAD_OPTION("E0507", "an option of the command line that is no value"),

  // Imports.
  IMPORT("E0601", "an import that finds nothing"),
  IMPORT_CYCLE("E0602", "files that import each other"),
  IMPORT_OUTSIDE("E0603", "an import from outside the project"),

  // Limits: the source may be right, but costs more than is allowed.
  LIMIT_NESTING("E0901", "brackets or operators nested too deeply"),
  LIMIT_FILE("E0902", "a source file that is too large"),
  LIMIT_STATEMENT("E0903", "a statement that is too long"),
  LIMIT_FUEL("E0904", "too much work at compile time"),
  LIMIT_CALLS("E0905", "calls nested too deeply"),
  LIMIT_VALUES("E0906", "a model of too many operations"),
  LIMIT_ELEMENTS("E0907", "a tensor that is too large"),
  LIMIT_LIST("E0908", "a list that is too long"),
  LIMIT_FILES("E0909", "a project of too many files");

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
