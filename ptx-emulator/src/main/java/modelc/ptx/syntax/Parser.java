package modelc.ptx.syntax;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import modelc.ptx.syntax.Lexer.Kind;
import org.jspecify.annotations.Nullable;

/** Parses a PTX module: directives, variables, functions, and their bodies' statements. */
public final class Parser {
  private final Tokens t;
  private final VariableParser variables;
  private final OperandParser operands;
  private final Map<Long, String> files = new HashMap<>();
  private @Nullable String file;
  private int fileLine;

  private Parser(String text) {
    t = new Tokens(text);
    variables = new VariableParser(t);
    operands = new OperandParser(t);
  }

  /** The module in a text. */
  public static Translation parse(String text) {
    return new Parser(text).translation();
  }

  private Translation translation() {
    if (!t.takeDot("version")) {
      throw t.expected(".version");
    }
    String version = t.next().text();
    String target = "";
    var globals = new ArrayList<Variable>();
    var functions = new ArrayList<Function>();
    while (!t.is(Kind.END)) {
      if (t.takeDot("target")) {
        target = t.word("a target");
        while (t.takeMark(",")) {
          t.word("a target's option");
        }
      } else if (t.takeDot("address_size")) {
        int line = t.line();
        if (t.integer() != 64) {
          throw new SyntaxException(line, "only 64-bit addresses are supported");
        }
      } else if (t.isDot("file") || t.isDot("loc")) {
        location();
      } else if (t.takeDot("section")) {
        section();
      } else if (t.takeDot("pragma")) {
        t.take(Kind.STRING, "a string");
        t.mark(";");
      } else if (!t.takeMark(";")) {
        linkage();
        if (t.isDot("entry") || t.isDot("func")) {
          functions.add(function());
        } else {
          globals.addAll(variables.declaration());
        }
      }
    }
    return new Translation(version, target, globals, functions);
  }

  private void linkage() {
    while (t.isDot("visible") || t.isDot("extern") || t.isDot("weak") || t.isDot("common")) {
      t.next();
    }
  }

  private void section() {
    t.next();
    t.mark("{");
    for (int depth = 1; depth > 0; ) {
      if (t.is(Kind.END)) {
        throw t.expected("'}'");
      }
      String text = t.next().text();
      depth += text.equals("{") ? 1 : text.equals("}") ? -1 : 0;
    }
  }

  private void location() {
    if (t.takeDot("file")) {
      long number = t.integer();
      files.put(number, t.take(Kind.STRING, "a file's name").text());
      while (t.takeMark(",")) {
        t.integer();
      }
      return;
    }
    t.next();
    file = files.get(t.integer());
    fileLine = t.small("a line", Integer.MAX_VALUE);
    t.integer();
    while (t.takeMark(",")) {
      boolean name = t.word("function_name or inlined_at").equals("function_name");
      for (int i = 0; i < (name ? 1 : 3); i++) {
        t.next();
      }
      if (name && t.takeMark("+")) {
        t.integer();
      }
    }
  }

  private Function function() {
    boolean entry = t.next().text().equals("entry");
    List<Variable> results = t.isMark("(") ? variables.parameters() : List.of();
    int line = t.line();
    String name = t.word("a function's name");
    List<Variable> parameters = t.isMark("(") ? variables.parameters() : List.of();
    int maxThreads = -1;
    while (!t.isMark("{") && !t.isMark(";")) {
      String directive = t.take(Kind.DOT, "'{'").text();
      if (directive.equals("pragma")) {
        t.take(Kind.STRING, "a string");
        t.takeMark(";");
      } else if (t.is(Kind.INT)) {
        long n = t.integer();
        while (t.takeMark(",")) {
          n *= t.integer();
        }
        if (directive.equals("maxntid") || directive.equals("reqntid")) {
          maxThreads = (int) n;
        }
      }
    }
    file = null;
    List<Statement> body = t.takeMark(";") ? null : body();
    return new Function(name, entry, results, parameters, maxThreads, line, body);
  }

  private List<Statement> body() {
    t.mark("{");
    var body = new ArrayList<Statement>();
    while (!t.takeMark("}")) {
      if (t.is(Kind.END)) {
        throw t.expected("'}'");
      }
      if (t.isMark("{")) {
        body.add(new Statement.Scope(body()));
      } else if (t.is(Kind.WORD) && t.isMarkAhead(":")) {
        label(body);
      } else if (t.is(Kind.DOT)) {
        directive(body);
      } else if (!t.takeMark(";")) {
        body.add(instruction());
      }
    }
    return body;
  }

  private void label(List<Statement> body) {
    String name = t.next().text();
    t.mark(":");
    if (t.takeDot("branchtargets")) {
      var labels = new ArrayList<String>();
      do {
        labels.add(t.word("a label"));
      } while (t.takeMark(","));
      t.mark(";");
      body.add(new Statement.BranchTargets(name, labels));
    } else if (t.isDot("callprototype") || t.isDot("calltargets")) {
      throw new SyntaxException(t.line(), "indirect calls are not supported");
    } else {
      body.add(new Statement.Label(name));
    }
  }

  private void directive(List<Statement> body) {
    if (t.isDot("loc") || t.isDot("file")) {
      location();
    } else if (t.takeDot("pragma")) {
      t.take(Kind.STRING, "a string");
      t.mark(";");
    } else if (t.takeDot("reg")) {
      registers(body);
    } else {
      linkage();
      variables.declaration().forEach(v -> body.add(new Statement.Declare(v)));
    }
  }

  private void registers(List<Statement> body) {
    if (t.isDot("v2") || t.isDot("v4")) {
      throw new SyntaxException(t.line(), "vector registers are not supported");
    }
    Type type = variables.type();
    do {
      String name = t.word("a register");
      int count = -1;
      if (t.takeMark("<")) {
        count = t.small("the number of registers", 1 << 20);
        t.mark(">");
      }
      body.add(new Statement.Registers(type, name, count));
    } while (t.takeMark(","));
    t.mark(";");
  }

  private Statement instruction() {
    var place = new Place(t.line(), file, fileLine);
    Operand.Name guard = null;
    if (t.takeMark("@")) {
      boolean negated = t.takeMark("!");
      guard = new Operand.Name(t.word("a predicate"), negated);
    }
    String opcode = t.word("an instruction");
    var modifiers = new ArrayList<String>();
    while (t.is(Kind.DOT)) {
      modifiers.add(t.next().text());
    }
    var list = new ArrayList<Operand>();
    while (!t.takeMark(";")) {
      if (!list.isEmpty()) {
        t.mark(",");
      }
      list.add(operands.operand());
    }
    return new Statement.Instruction(guard, opcode, modifiers, list, place);
  }
}
