package modelc.frontend.elaborate;

/**
 * The name of an axis. Names are lexical: {@code scope} is the activation that gave it, so that the
 * {@code n} of one function is not the {@code n} of another. {@link #BATCH} alone is the same
 * everywhere.
 */
record AxisName(int scope, String text) {
  static final AxisName BATCH = new AxisName(0, "batch");

  @Override
  public String toString() {
    return text;
  }
}
