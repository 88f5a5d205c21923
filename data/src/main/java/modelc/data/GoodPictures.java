package modelc.data;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import modelc.runtime.DataException;

/**
 * Tries all pictures and leaves out those that cannot be used, naming them: so the number of
 * samples is fixed before training, and a run can be repeated and resumed.
 */
final class GoodPictures {
  /** Bad files a note names; of the rest it gives the count. */
  private static final int NAMED = 5;

  private GoodPictures() {}

  private record Bad(int number, String what) {}

  /** The good ones among {@code all}; {@code notes} hears of the others. */
  static Pictures of(Pictures all, List<String> notes) {
    // On all cores: this decodes the whole set.
    List<Bad> bad =
        IntStream.range(0, all.count())
            .parallel()
            .mapToObj(i -> new Bad(i, failure(all, i)))
            .filter(b -> !b.what.isEmpty())
            .toList();
    if (bad.isEmpty()) {
      return all;
    }
    var left = new ArrayList<Integer>(all.count());
    int next = 0;
    for (int i = 0; i < all.count(); i++) {
      if (next < bad.size() && bad.get(next).number == i) {
        next++;
      } else {
        left.add(i);
      }
    }
    String names = String.join("; ", bad.stream().limit(NAMED).map(Bad::what).toList());
    String rest = bad.size() > NAMED ? "; and " + (bad.size() - NAMED) + " more" : "";
    String left1 = bad.size() + " of " + all.count() + " pictures left out: ";
    if (left.isEmpty()) {
      throw new DataException(
          "D0412", "no usable picture is left: " + names + rest, "mend these files");
    }
    notes.add(left1 + names + rest);
    return new PictureSet.Chosen(all, left.stream().mapToInt(Integer::intValue).toArray());
  }

  private static String failure(Pictures all, int i) {
    try {
      all.read(i, 0);
      return "";
    } catch (BadPictureException e) {
      return e.file() + " (" + e.getMessage() + ")";
    }
  }
}
