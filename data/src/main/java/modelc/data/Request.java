package modelc.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import modelc.runtime.Column;

/**
 * What a recipe asks of the data.
 *
 * @param inputs what the model reads, one example's: whether pictures come gray or in colour
 * @param folder where relative paths start
 * @param seed of what is drawn for augmentation
 * @param within the folder that paths must not lead out of, symbolic links included; none if
 *     whoever runs the program gave them
 */
public record Request(
    Step source,
    List<Step> transforms,
    List<Column> inputs,
    Path folder,
    long seed,
    Optional<Path> within) {
  /** What to say of a path that leads nowhere: of a {@code .model} file's, and of a bundle's. */
  static final String RELATIVE = "relative paths start at the model's folder";

  public Request {
    transforms = List.copyOf(transforms);
    inputs = List.copyOf(inputs);
  }

  public Request(Step source, List<Step> transforms, List<Column> inputs, Path folder, long seed) {
    this(source, transforms, inputs, folder, seed, Optional.empty());
  }

  /** A source as it is. */
  public static Request of(
      String name, List<Object> arguments, Map<String, Object> named, Path folder) {
    return new Request(new Step(name, arguments, named), List.of(), List.of(), folder, 1);
  }

  /** With only the first {@code count} transforms. */
  public Request upTo(int count) {
    return new Request(source, transforms.subList(0, count), inputs, folder, seed, within);
  }

  /** Channels the model reads in {@code image}, if it reads gray or coloured pictures. */
  int channels(int otherwise) {
    for (Column c : inputs) {
      boolean picture = c.name().equals("image") && c.shape().size() == 3;
      if (picture && (c.shape().getFirst() == 1 || c.shape().getFirst() == 3)) {
        return (int) (long) c.shape().getFirst();
      }
    }
    return otherwise;
  }
}
