package modelc.frontend.parse;

import java.util.ArrayList;
import java.util.List;

/** Words under each other, which are laid out under each other again. */
final class Column {
  private final List<Word> words = new ArrayList<>();
  private int place = -1;

  void add(Word word) {
    words.add(word);
  }

  /** No more words come: it counts if there are several and somebody meant them to be a column. */
  void close() {
    if (words.size() > 1 && words.stream().anyMatch(Word::isSetOff)) {
      words.forEach(w -> w.group(this));
    }
  }

  /** Where its words stand now: where the one furthest to the right has to. */
  int place() {
    if (place < 0) {
      place = words.stream().mapToInt(Word::natural).max().orElseThrow();
    }
    return place;
  }
}
