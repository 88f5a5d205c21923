package modelc.data;

/** Pictures of one size that are in memory already, one after the other, each with a class. */
final class MemoryPictures implements Pictures {
  private final String name;
  private final int channels;
  private final Size size;
  private final byte[][] blocks;
  private final byte[] labels;
  private final int[] starts;

  /**
   * Takes the arrays as they are.
   *
   * @param blocks values of some pictures each
   */
  MemoryPictures(String name, int channels, Size size, byte[][] blocks, byte[] labels) {
    this.name = name;
    this.channels = channels;
    this.size = size;
    this.blocks = blocks;
    this.labels = labels;
    this.starts = new int[blocks.length + 1];
    for (int b = 0; b < blocks.length; b++) {
      starts[b + 1] = starts[b] + blocks[b].length / bytes();
    }
    if (starts[blocks.length] != labels.length) {
      throw new IllegalArgumentException(labels.length + " labels");
    }
  }

  private int bytes() {
    return channels * size.height() * size.width();
  }

  @Override
  public int count() {
    return labels.length;
  }

  @Override
  public Example read(int i, long epoch) {
    int b = 0;
    while (i >= starts[b + 1]) {
      b++;
    }
    int from = (i - starts[b]) * bytes();
    byte[] values = java.util.Arrays.copyOfRange(blocks[b], from, from + bytes());
    return Example.labelled(new Picture(channels, size, values), label(i));
  }

  @Override
  public String name(int i) {
    return name + "[" + i + "]";
  }

  @Override
  public int label(int i) {
    return labels[i] & 0xff;
  }

  @Override
  public boolean costly() {
    return false;
  }
}
