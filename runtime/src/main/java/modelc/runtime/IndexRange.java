package modelc.runtime;

import java.util.List;

/**
 * Which integers an input may hold, because the model picks one of so many by them: classes, words.
 *
 * @param count from 0 to {@code count - 1}
 * @param others what else the model knows what to do with, such as a label to be ignored
 */
public record IndexRange(long count, List<Long> others) {
  public IndexRange {
    others = List.copyOf(others);
  }

  public boolean contains(long value) {
    return value >= 0 && value < count || others.contains(value);
  }

  /** {@code 0 to 9}, {@code 0 to 9 and -100}. */
  @Override
  public String toString() {
    var out = new StringBuilder(count == 1 ? "0" : "0 to " + (count - 1));
    others.forEach(o -> out.append(" and ").append(o));
    return out.toString();
  }
}
