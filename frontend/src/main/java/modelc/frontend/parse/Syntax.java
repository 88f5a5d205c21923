package modelc.frontend.parse;

import static modelc.frontend.parse.Places.span;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import modelc.frontend.Limits;
import modelc.frontend.ast.Expr;
import modelc.frontend.ast.SourceFile;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.frontend.diagnostic.DiagnosticException;
import modelc.frontend.diagnostic.Sources;
import modelc.grammar.ModelLexer;
import modelc.grammar.ModelParser;
import org.antlr.v4.runtime.CharStreams;
import org.antlr.v4.runtime.CommonTokenStream;
import org.antlr.v4.runtime.ListTokenSource;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.atn.PredictionMode;

/**
 * Parses a file: text to syntax tree, or everything that is wrong with the text. It gives no
 * meaning to names.
 */
public final class Syntax {
  private Syntax() {}

  /**
   * The syntax tree of {@code text}.
   *
   * @param file the name its spans carry
   * @param sources keeps the text, for messages
   * @throws DiagnosticException if it is not well formed
   */
  public static SourceFile parse(String file, String text, Sources sources, Limits limits) {
    return DeepStack.call(
        () ->
            parseHere(
                file,
                text,
                sources,
                limits,
                (parser, expressions) -> {
                  ModelParser.FileContext tree = parser.file();
                  return () -> new TreeBuilder(expressions).file(tree);
                }));
  }

  /**
   * The syntax tree of a single expression, such as a value given on the command line.
   *
   * @throws DiagnosticException if it is not well formed
   */
  public static Expr parseValue(String file, String text, Sources sources, Limits limits) {
    return DeepStack.call(
        () ->
            parseHere(
                file,
                text,
                sources,
                limits,
                (parser, expressions) -> {
                  ModelParser.ValueContext tree = parser.value();
                  return () -> expressions.expression(tree.expression());
                }));
  }

  /** Parses by one rule of the grammar; what it gives builds the syntax tree afterwards. */
  private interface Rule<T> {
    Supplier<T> parse(ModelParser parser, ExpressionBuilder expressions);
  }

  private static <T> T parseHere(
      String file, String text, Sources sources, Limits limits, Rule<T> rule) {
    Lexed source = lex(file, text, sources, limits);
    var parser = new ModelParser(new CommonTokenStream(new ListTokenSource(source.seen())));
    parser.getInterpreter().setPredictionMode(PredictionMode.SLL);
    parser.removeErrorListeners();
    var listener = new SyntaxErrors(file);
    parser.addErrorListener(listener);
    var expressions = new ExpressionBuilder(file, sources, limits);
    Supplier<T> built = rule.parse(parser, expressions);
    fail(listener.errors(), sources, limits);
    T result = built.get();
    fail(expressions.errors(), sources, limits);
    return result;
  }

  /**
   * The tokens of {@code text}.
   *
   * @throws DiagnosticException if there is a character or a text that is none of the language, or
   *     too much of something
   */
  static Lexed lex(String file, String text, Sources sources, Limits limits) {
    String clean = text.startsWith("\uFEFF") ? text.substring(1) : text;
    sources.add(file, clean);
    if (clean.getBytes(StandardCharsets.UTF_8).length > limits.fileBytes()) {
      throw SourceText.tooLarge(file, sources, limits);
    }
    var lexer = new ModelLexer(CharStreams.fromString(clean, file));
    lexer.removeErrorListeners();
    var all = new ArrayList<Token>(lexer.getAllTokens());
    all.add(lexer.emitEOF());
    List<Diagnostic> errors = new ArrayList<>(characters(file, all));
    var lines = new Lines(file, limits);
    List<Token> visible = lines.filter(all);
    errors.addAll(lines.errors());
    fail(errors, sources, limits);
    return new Lexed(all, visible);
  }

  private static void fail(List<Diagnostic> errors, Sources sources, Limits limits) {
    if (!errors.isEmpty()) {
      List<Diagnostic> sorted =
          errors.stream()
              .sorted(
                  Comparator.comparingInt((Diagnostic d) -> d.place().line())
                      .thenComparingInt(d -> d.place().column()))
              .limit(limits.diagnostics())
              .toList();
      throw new DiagnosticException(sorted, sources);
    }
  }

  private static List<Diagnostic> characters(String file, List<Token> tokens) {
    var errors = new ArrayList<Diagnostic>();
    Token before = null;
    for (Token t : tokens) {
      boolean again =
          before != null
              && before.getType() == ModelLexer.UNKNOWN
              && before.getStopIndex() + 1 == t.getStartIndex();
      before = t;
      if (t.getType() == ModelLexer.OPEN_STRING) {
        errors.add(
            Diagnostic.of(Code.OPEN_STRING, span(file, t), "this text is not closed", "")
                .withHelp("close it with `\"` on the same line"));
      } else if (t.getType() == ModelLexer.UNKNOWN && !again) {
        String shown =
            t.getText().codePoints().allMatch(Syntax::isPrintable) ? "`" + t.getText() + "`" : "";
        String code =
            t.getText().codePointAt(0) < 0x80 && !shown.isEmpty()
                ? ""
                : " (" + String.format("U+%04X", t.getText().codePointAt(0)) + ")";
        errors.add(
            Diagnostic.of(
                    Code.UNKNOWN_CHARACTER,
                    span(file, t),
                    ("the language has no character " + shown + code).replace("  ", " "),
                    "")
                .withHelp(characterHelp(t.getText())));
      }
    }
    return errors;
  }

  private static boolean isPrintable(int c) {
    return !Character.isISOControl(c) && Character.getType(c) != Character.FORMAT;
  }

  private static Optional<String> characterHelp(String text) {
    return Optional.ofNullable(
        switch (text) {
          case "#" -> "a comment begins with `//`";
          case "'" -> "a text stands in double quotes";
          case "&" -> "write `and`";
          case "|" -> "write `or`";
          case "!" -> "write `not`";
          case "\u2212" -> "this is a typographic minus sign: write `-`";
          case "\u00d7" -> "write `*`";
          case "?" -> "write `if c then a else b`";
          default -> null;
        });
  }
}
