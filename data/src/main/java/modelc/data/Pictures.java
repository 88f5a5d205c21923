package modelc.data;

/**
 * Pictures by number with what is to be learned of each, of any sizes; safe from any thread. It
 * knows nothing of columns and batches.
 */
interface Pictures {
  int count();

  /**
   * A picture; a function of its arguments alone.
   *
   * @param epoch from 1, for what differs from epoch to epoch; 0: without such
   * @throws BadPictureException if its file cannot be used
   */
  Example read(int i, long epoch);

  /** Where it comes from, as a message names it. */
  String name(int i);

  /** Its class, without the picture being read; below 0 where that is not known. */
  int label(int i);

  /** Whether reading one takes more than copying it. */
  boolean costly();
}
