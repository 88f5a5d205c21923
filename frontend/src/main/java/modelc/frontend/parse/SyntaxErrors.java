package modelc.frontend.parse;

import static modelc.frontend.parse.Places.span;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import modelc.frontend.diagnostic.Code;
import modelc.frontend.diagnostic.Diagnostic;
import modelc.grammar.ModelLexer;
import modelc.grammar.ModelParser;
import org.antlr.v4.runtime.BaseErrorListener;
import org.antlr.v4.runtime.NoViableAltException;
import org.antlr.v4.runtime.Parser;
import org.antlr.v4.runtime.RecognitionException;
import org.antlr.v4.runtime.Recognizer;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.misc.IntervalSet;
import org.jspecify.annotations.Nullable;

/**
 * Says what the parser stumbled over in the reader's words. It keeps the first error of a
 * declaration: the rest follow from it.
 */
final class SyntaxErrors extends BaseErrorListener {
  private static final Set<Integer> DECLARATIONS =
      Set.of(
          ModelLexer.FN,
          ModelLexer.LAYER,
          ModelLexer.MODEL,
          ModelLexer.OPTIMIZER,
          ModelLexer.TRAIN,
          ModelLexer.IMPORT);

  private final String file;
  private final List<Diagnostic> errors = new ArrayList<>();
  private @Nullable Token last;

  SyntaxErrors(String file) {
    this.file = file;
  }

  List<Diagnostic> errors() {
    return errors;
  }

  @Override
  public void syntaxError(
      Recognizer<?, ?> recognizer,
      @Nullable Object offending,
      int line,
      int column,
      String message,
      @Nullable RecognitionException e) {
    if (!(offending instanceof Token token) || !(recognizer instanceof Parser parser)) {
      return;
    }
    if (last == null || declarationBetween(last, token, parser)) {
      errors.add(describe(token, parser, e));
    }
    last = token;
  }

  /** Past the beginning of another declaration an error is no consequence of one before it. */
  private static boolean declarationBetween(Token from, Token to, Parser parser) {
    for (int i = from.getTokenIndex() + 1; i <= to.getTokenIndex(); i++) {
      Token t = parser.getTokenStream().get(i);
      if (t.getCharPositionInLine() == 0 && DECLARATIONS.contains(t.getType())) {
        return true;
      }
    }
    return false;
  }

  private Diagnostic describe(Token token, Parser parser, @Nullable RecognitionException e) {
    String text = token.getText();
    if (token.getType() == ModelLexer.RESERVED) {
      return Diagnostic.of(
              Code.RESERVED_WORD,
              span(file, token),
              "`" + text + "` is kept for a later version of the language",
              "")
          .withHelp("choose another name, e.g. `" + text + "_`");
    }
    IntervalSet expected =
        e instanceof NoViableAltException ? new IntervalSet() : parser.getExpectedTokens();
    String wanted = wanted(expected);
    String message = wanted.isEmpty() ? "this does not belong here" : "expected " + wanted;
    boolean wordForName = expected.contains(ModelLexer.IDENT) && isWord(token);
    String label =
        "found "
            + name(token)
            + (wordForName ? ", a word of the language that cannot be a name" : "");
    Diagnostic d = Diagnostic.of(Code.SYNTAX, span(file, token), message, label);
    Token open = openBracket(token, parser);
    if (open != null
        && (expected.contains(ModelLexer.RPAREN) || expected.contains(ModelLexer.RBRACKET))) {
      d = d.withLabel(span(file, open), "this bracket is still open");
    }
    return d.withHelp(help(token, parser, expected));
  }

  /** The innermost bracket that is open before {@code token}; null if there is none. */
  private static @Nullable Token openBracket(Token token, Parser parser) {
    int closed = 0;
    for (int i = token.getTokenIndex() - 1; i >= 0; i--) {
      Token t = parser.getTokenStream().get(i);
      switch (t.getType()) {
        case ModelLexer.RPAREN, ModelLexer.RBRACKET -> closed++;
        case ModelLexer.LPAREN, ModelLexer.LBRACKET -> {
          if (closed-- == 0) {
            return t;
          }
        }
        case ModelLexer.LBRACE, ModelLexer.RBRACE -> {
          return null;
        }
        default -> {}
      }
    }
    return null;
  }

  private static boolean isWord(Token token) {
    return token.getType() != ModelLexer.IDENT
        && !token.getText().isEmpty()
        && Character.isLetter(token.getText().charAt(0))
        && token.getType() != Token.EOF;
  }

  private static Optional<String> help(Token token, Parser parser, IntervalSet expected) {
    int at = token.getTokenIndex();
    Token before = at > 0 ? parser.getTokenStream().get(at - 1) : token;
    Optional<String> help = ofWord(token);
    if (help.isEmpty() && before.getType() == ModelLexer.IDENT) {
      help = ofWord(before);
    }
    return help.or(() -> ofPlace(before, token, expected));
  }

  private static Optional<String> ofPlace(Token before, Token token, IntervalSet expected) {
    if (DECLARATIONS.contains(token.getType()) && !expected.contains(token.getType())) {
      return Optional.of("a declaration begins here: is the `}` of the one above missing?");
    }
    if (token.getType() == ModelLexer.NL && expected.contains(ModelLexer.LBRACE)) {
      return Optional.of("what it consists of stands in braces: `{ ... }`");
    }
    boolean operand =
        before.getType() == ModelLexer.RPAREN || before.getType() == ModelLexer.RBRACKET;
    if (token.getType() == ModelLexer.IDENT && operand) {
      return Optional.of("an arrow applies it: `-> " + token.getText() + "`");
    }
    if (token.getType() == ModelLexer.COMMA && expected.contains(ModelLexer.NL)) {
      return Optional.of("leave the comma out: the end of the line ends a statement");
    }
    return Optional.empty();
  }

  private static Optional<String> ofWord(Token token) {
    return Optional.ofNullable(
        switch (token.getText()) {
          case "elif", "elseif" -> "write `else if`";
          case "def", "function", "func", "fun" -> "a function is declared with `fn`";
          case "class", "module" -> "a layer is declared with `layer`, a network with `model`";
          case "let", "var", "const", "val" -> "a name is bound by `name = value` alone";
          case "=" -> "`=` binds a name; values are compared with `==`";
          case "while" ->
              "loops are `for i in 1..n { ... }`: their number of turns is known at compile time";
          case "lambda" -> "declare an `fn` and name it";
          case "<-" -> "`<-` updates a state; write `a < -b` with a space to compare";
          default -> null;
        });
  }

  private static String name(Token token) {
    return switch (token.getType()) {
      case Token.EOF -> "the end of the file";
      case ModelLexer.NL -> "the end of the line";
      case ModelLexer.STRING -> "a text";
      default -> "`" + token.getText() + "`";
    };
  }

  /** The expected tokens in words; empty when there are too many to be of use. */
  private static String wanted(IntervalSet expected) {
    if (expected.contains(ModelLexer.INT) && expected.contains(ModelLexer.LPAREN)) {
      return expected.contains(ModelLexer.RETURN) ? "a statement or `}`" : "a value";
    }
    if (expected.contains(ModelLexer.FN) && expected.contains(ModelLexer.TRAIN)) {
      return "a declaration (`fn`, `layer`, `model`, `optimizer` or `train`)";
    }
    var words = new TreeSet<String>();
    for (int type : expected.toList()) {
      switch (type) {
        case Token.EOF -> words.add("the end of the file");
        case ModelLexer.NL, ModelLexer.SEMICOLON -> words.add("the end of the line");
        case ModelLexer.IDENT -> words.add("a name");
        case ModelLexer.FROM, ModelLexer.ON, ModelLexer.NONE -> {
          if (!expected.contains(ModelLexer.IDENT)) {
            words.add(ModelParser.VOCABULARY.getDisplayName(type).replace('\'', '`'));
          }
        }
        case ModelLexer.STRING -> words.add("a text");
        default -> {
          // An operator could stand almost anywhere: naming each tells the reader nothing.
          if (!isOperator(type)) {
            words.add(ModelParser.VOCABULARY.getDisplayName(type).replace('\'', '`'));
          }
        }
      }
    }
    if (words.isEmpty() || words.size() > 5) {
      return "";
    }
    var list = new ArrayList<>(words);
    String last = list.removeLast();
    return list.isEmpty() ? last : String.join(", ", list) + " or " + last;
  }

  private static boolean isOperator(int type) {
    return switch (type) {
      case ModelLexer.EQ,
          ModelLexer.NE,
          ModelLexer.LE,
          ModelLexer.GE,
          ModelLexer.LT,
          ModelLexer.GT,
          ModelLexer.PLUS,
          ModelLexer.MINUS,
          ModelLexer.TIMES,
          ModelLexer.OVER,
          ModelLexer.MODULO,
          ModelLexer.MATMUL,
          ModelLexer.POWER,
          ModelLexer.RANGE,
          ModelLexer.AND,
          ModelLexer.OR,
          ModelLexer.ARROW,
          ModelLexer.DOT ->
          true;
      default -> false;
    };
  }
}
