package modelc.frontend.diagnostic;

/** Every kind of diagnostic, with its number, a one-line title and what to do about it. */
public enum Code {
  // Text and syntax.
  UNKNOWN_CHARACTER(
      "E0101",
      "a character the language does not know",
      "a comment begins with `//`; strings stand in `\"`"),
  OPEN_STRING(
      "E0102", "a text that is not closed on its line", "close it with `\"` on the same line"),
  SYNTAX(
      "E0103",
      "something else was expected here",
      "most often a bracket, a comma or an operator is missing or too many just before this place"),
  RESERVED_WORD("E0104", "a word kept for a later version of the language", "choose another name"),
  BAD_NUMBER(
      "E0105",
      "a number that cannot be represented",
      "an int is at most 2^63 - 1; write a float for more (`1e20`)"),
  BAD_TEXT(
      "E0106",
      "a text with a bad escape or a bad value in braces",
      "write `\\{` for a brace and `\\\\` for a backslash; a value in braces is one expression"),
  NOT_TEXT(
      "E0107",
      "a file that is not UTF-8 text",
      "save it as UTF-8; a `.model` file is text, without pictures or formatting"),

  // Names.
  UNKNOWN_NAME(
      "E0201", "a name that means nothing here", "check the spelling, declare it, or import it"),
  DEFINED_TWICE("E0202", "a name defined twice", "rename one of the two"),
  PERHAPS_UNBOUND(
      "E0203",
      "a name that is not bound on every way to its use",
      "bind it before the `if` or `for`, or on every branch"),
  UNKNOWN_ARGUMENT(
      "E0204",
      "an argument for a parameter that does not exist",
      "use a parameter of the signature shown"),
  MISSING_ARGUMENT("E0205", "an argument that is missing", "give it, by position or by name"),
  TOO_MANY_ARGUMENTS("E0206", "more arguments than parameters", "leave out what is too many"),
  REPEATED_ARGUMENT("E0207", "an argument given twice", "give it once, by position or by name"),
  NO_MEMBER("E0208", "a member that does not exist", "use one of the members there are"),
  LABEL("E0209", "a label that names two things", "choose another label"),
  UNKNOWN_TYPE("E0210", "a type that does not exist", "use one of the types listed"),

  // Values, types and shapes.
  SHAPE_MISMATCH(
      "E0301",
      "a tensor that does not fit the shape asked for",
      "follow the shapes back to where they part, and change the layer or the annotation there; `modelc summary` shows the shape of each layer"),
  SHAPES(
      "E0302",
      "shapes that do not go together",
      "bring both to one shape: `reshape`, `permute`, or name the axes so that they are found"),
  AXES_CONFLICT(
      "E0303",
      "axes with different names on the same place",
      "bring the axes into one order with `permute`, or name them alike"),
  ARGUMENT_TYPE(
      "E0304", "a value of the wrong kind", "give the kind of value the signature asks for"),
  ELEMENT_TYPES("E0305", "elements of the wrong type", "convert one of them: `cast(x, f32)`"),
  NO_AXIS(
      "E0306",
      "an axis that does not exist or is not named",
      "name the axes where the tensor is bound: `x: [batch, h] = ...`"),
  OPERANDS(
      "E0307",
      "an operator that does not apply to its operands",
      "give it operands that it takes: a number and a tensor, two tensors of one element type, two texts or lists to join"),
  INEXACT_DIVISION(
      "E0308",
      "a division that is not exact",
      "write `floor_div(a, b)` or `ceil_div(a, b)` to round, `7.0 / 2` for a fraction"),
  OVERFLOW("E0309", "a number or size that is too large", "use smaller numbers: ints have 64 bits"),
  RUN_TIME_VALUE(
      "E0310",
      "something needed at compile time that is known only at run time",
      "compute it from sizes and parameters of the model; for tensors use `where(condition, a, b)`"),
  BAD_PATTERN(
      "E0311",
      "a shape pattern that makes no sense",
      "one `...` in a shape, names or numbers for the rest"),
  INDEX(
      "E0312",
      "an index outside its list or axis",
      "indices count from 0, or from the end with a negative sign"),
  UNPACK(
      "E0313",
      "names and values that do not pair up",
      "as many names on the left as values on the right"),
  WINDOW(
      "E0314",
      "a window that does not fit",
      "pad the input, take a smaller window, or a larger image"),
  ASSERTION(
      "E0315",
      "an assertion that does not hold",
      "do what the message asks, or leave the layer out"),
  NOT_CALLABLE(
      "E0316",
      "something that cannot be called or applied",
      "put a configured layer or a function there: `-> relu`, `-> dense(10)`"),
  NO_RESULT("E0317", "a function or layer that returns nothing", "end it with `return ...`"),
  NO_EFFECT("E0318", "a statement that does nothing", "bind it (`name = ...`) or remove it"),
  ILL_TYPED("E0319", "operands a primitive does not take", "convert or reshape the operands shown"),

  // Layers, parameters, states, gradients.
  LAYER_IN_FN(
      "E0401",
      "a layer made where no layer can own it",
      "make the layer where its parameters belong and pass it, or declare a `layer` instead of an `fn`"),
  NOT_CONFIGURED(
      "E0402", "a layer that is not configured", "call it to make one: `-> batch_norm()`"),
  SHARED_DIFFERS(
      "E0403",
      "a shared layer or parameter that would have to differ",
      "make a second layer for inputs of another shape"),
  MISPLACED(
      "E0404",
      "a statement in the wrong kind of declaration",
      "move it, or declare a `layer`, `model` or `optimizer` around it"),
  HIDDEN_BY_PHASE(
      "E0405",
      "something that exists only while training or only in inference",
      "declare it outside `if training`, and choose inside what to do with it"),
  NOT_IN_THIS_PHASE(
      "E0406",
      "a value or update that this phase does not have",
      "put it under `if training { ... }`"),
  NOT_A_STATE(
      "E0407",
      "an update of something that does not persist",
      "bind a name with `=`; declare what persists with `state`"),
  STATE_ASSIGNED("E0408", "a state bound like a name", "update it with `<-`"),
  GRADIENT(
      "E0409",
      "a stated gradient that does not fit",
      "return one gradient for each tensor parameter, of its shape, in their order: `return [da, db]`"),
  NO_OUTPUT("E0410", "a model without an output", "give it one: `output name = ...`"),
  NO_MODEL(
      "E0411",
      "no model to compile, or several",
      "name one with `--model`, or write a `train` block for it"),

  // Recipes.
  UNKNOWN_KEY(
      "E0501",
      "a key a recipe does not have",
      "use one of the keys listed; the nearest is suggested"),
  MISSING_KEY("E0502", "a key a recipe needs", "add it; the message has an example"),
  BAD_SETTING(
      "E0503",
      "a value a key does not take",
      "give the value a key takes: docs/language.md lists the keys"),
  DATA_COLUMN(
      "E0504",
      "data that does not fit the model",
      "transform the data (`-> pad(2)`), or change the model's input"),
  DATA_REFUSED(
      "E0505",
      "a data source that cannot be used so",
      "use one of the sources listed, with its arguments"),
  NOT_YET("E0506", "something that is not supported yet", "leave it out for now"),
  BAD_OPTION(
      "E0507",
      "an option of the command line that is no value",
      "write the value as in a `.model` file, quoted for the shell"),

  // Imports.
  IMPORT(
      "E0601",
      "an import that finds nothing",
      "check the path and the name; the nearest is suggested"),
  IMPORT_CYCLE("E0602", "files that import each other", "move what both need into a third file"),
  IMPORT_OUTSIDE(
      "E0603",
      "an import from outside the project",
      "use a relative path inside the folder of the file that is compiled"),

  // Limits: the source may be right, but costs more than is allowed.
  LIMIT_NESTING(
      "E0901",
      "brackets or operators nested too deeply",
      "name parts of the expression on lines of their own"),
  LIMIT_FILE(
      "E0902",
      "a source file that is too large",
      "move declarations into files of their own and import them"),
  LIMIT_STATEMENT("E0903", "a statement that is too long", "cut the statement into several"),
  LIMIT_FUEL(
      "E0904", "too much work at compile time", "use fewer or shorter loops at compile time"),
  LIMIT_CALLS(
      "E0905", "calls nested too deeply", "look for a function that calls itself without an end"),
  LIMIT_VALUES("E0906", "a model of too many operations", "use fewer layers"),
  LIMIT_ELEMENTS("E0907", "a tensor that is too large", "use smaller sizes, or a smaller batch"),
  LIMIT_LIST("E0908", "a list that is too long", "use a shorter list"),
  LIMIT_FILES("E0909", "a project of too many files", "use fewer files"),
  LIMIT_TIME(
      "E0910",
      "evaluating takes too long",
      "use fewer or shorter loops at compile time, and shorter lists in them");

  private final String number;
  private final String title;
  private final String cure;

  Code(String number, String title, String cure) {
    this.number = number;
    this.title = title;
    this.cure = cure;
  }

  /** One line that says what kind of mistake it is. */
  public String title() {
    return title;
  }

  /** What to do about it where nothing better is known. */
  public String cure() {
    return cure;
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
