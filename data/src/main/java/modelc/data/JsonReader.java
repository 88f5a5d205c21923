package modelc.data;

import java.io.IOException;
import java.io.Reader;

/**
 * Reads JSON (RFC 8259) from front to back, value by value as its user asks: what is skipped takes
 * no memory. It builds no tree.
 */
final class JsonReader {
  private static final int MAX_DEPTH = 64;

  /** Text that is no JSON, or a value of another kind than asked for. */
  static final class Malformed extends Exception {
    private static final long serialVersionUID = 1;

    /** Counted from 0. */
    final long at;

    Malformed(String what, long at) {
      super(what + " at character " + at);
      this.at = at;
    }
  }

  /** Reads the value of a member, all of it. */
  interface Member {
    void read(String key) throws IOException, Malformed;
  }

  /** Reads an item, all of it. */
  interface Item {
    void read() throws IOException, Malformed;
  }

  private final Reader in;
  private int next;
  private long at = -1;
  private int depth;

  JsonReader(Reader in) throws IOException {
    this.in = in;
    advance();
    if (next == '\uFEFF') {
      advance();
    }
  }

  private void advance() throws IOException {
    next = in.read();
    at++;
  }

  private void spaces() throws IOException {
    while (next == ' ' || next == '\n' || next == '\r' || next == '\t') {
      advance();
    }
  }

  private Malformed malformed(String wanted) {
    return new Malformed(
        next < 0 ? "the text ends where " + wanted + " should be" : "no " + wanted, at);
  }

  private boolean accept(char c) throws IOException {
    spaces();
    if (next != c) {
      return false;
    }
    advance();
    return true;
  }

  private void expect(char c, String wanted) throws IOException, Malformed {
    if (!accept(c)) {
      throw malformed(wanted);
    }
  }

  /** An object; {@code member} must read each value. */
  void object(Member member) throws IOException, Malformed {
    expect('{', "object");
    enter();
    if (!accept('}')) {
      do {
        String key = string();
        expect(':', "colon");
        member.read(key);
      } while (accept(','));
      expect('}', "end of the object");
    }
    depth--;
  }

  /** An array; {@code item} must read each of its values. */
  void array(Item item) throws IOException, Malformed {
    expect('[', "array");
    enter();
    if (!accept(']')) {
      do {
        item.read();
      } while (accept(','));
      expect(']', "end of the array");
    }
    depth--;
  }

  private void enter() throws Malformed {
    if (++depth > MAX_DEPTH) {
      throw new Malformed("more than " + MAX_DEPTH + " values inside each other", at);
    }
  }

  double number() throws IOException, Malformed {
    spaces();
    var text = new StringBuilder();
    while (next >= 0 && "+-.0123456789eE".indexOf(next) >= 0 && text.length() < 64) {
      text.append((char) next);
      advance();
    }
    try {
      return Double.parseDouble(text.toString());
    } catch (NumberFormatException e) {
      throw malformed("number");
    }
  }

  String string() throws IOException, Malformed {
    expect('"', "text");
    var text = new StringBuilder();
    while (next != '"') {
      if (next < 0x20) {
        throw malformed("end of the text");
      }
      text.append(next == '\\' ? escape() : (char) next);
      advance();
    }
    advance();
    return text.toString();
  }

  private char escape() throws IOException, Malformed {
    advance();
    return switch (next) {
      case '"', '\\', '/' -> (char) next;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> {
        int code = 0;
        for (int i = 0; i < 4; i++) {
          advance();
          int digit = Character.digit(next, 16);
          if (digit < 0) {
            throw malformed("hexadecimal digit");
          }
          code = code << 4 | digit;
        }
        yield (char) code;
      }
      default -> throw malformed("escape");
    };
  }

  /** Any value. */
  void skip() throws IOException, Malformed {
    spaces();
    switch (next) {
      case '{' -> object(_ -> skip());
      case '[' -> array(this::skip);
      case '"' -> string();
      case 't' -> word("true");
      case 'f' -> word("false");
      case 'n' -> word("null");
      default -> number();
    }
  }

  private void word(String word) throws IOException, Malformed {
    for (int i = 0; i < word.length(); i++) {
      if (next != word.charAt(i)) {
        throw malformed(word);
      }
      advance();
    }
  }

  /** Nothing may follow. */
  void end() throws IOException, Malformed {
    spaces();
    if (next >= 0) {
      throw malformed("end of the file");
    }
  }
}
