package modelc.runtime.weights;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import modelc.runtime.DataException;
import modelc.runtime.ElementType;
import modelc.runtime.FileException;
import modelc.runtime.Safetensors;
import modelc.runtime.Tensor;
import modelc.runtime.pytorch.TorchFile;
import org.jspecify.annotations.Nullable;

/**
 * A file of named tensors, safetensors or PyTorch's: which of them its content says, not its name.
 * It knows nothing of the model the tensors are for.
 */
public final class WeightFile implements AutoCloseable {

  /**
   * A tensor of a file.
   *
   * @param storedType the element type in the file, in the words of the file's format
   * @param type what it is read as
   */
  public record Stored(String name, String storedType, ElementType type, List<Long> shape) {
    public Stored {
      shape = List.copyOf(shape);
    }

    @Override
    public String toString() {
      return name + ": " + storedType + shape.toString().replace(" ", "");
    }
  }

  private final Path path;
  private final @Nullable Safetensors safetensors;
  private final @Nullable TorchFile torch;
  private final SequencedMap<String, Stored> tensors = new LinkedHashMap<>();

  private WeightFile(Path path, @Nullable Safetensors safetensors, @Nullable TorchFile torch) {
    this.path = path;
    this.safetensors = safetensors;
    this.torch = torch;
  }

  /**
   * Opens a file.
   *
   * @throws FileException if it cannot be read
   * @throws DataException if it is of neither format, or damaged
   */
  public static WeightFile open(Path path) {
    if (isTorch(path)) {
      var torch = TorchFile.open(path);
      var file = new WeightFile(path, null, torch);
      torch.entries().forEach(e -> file.add(e.name(), e.storedType(), e.type(), e.shape()));
      return file;
    }
    var safetensors = Safetensors.open(path);
    var file = new WeightFile(path, safetensors, null);
    boolean checkpoint =
        safetensors.metadata().getOrDefault("format", "").startsWith("modelc-checkpoint");
    for (Safetensors.Entry e : safetensors.entries()) {
      if (!checkpoint || e.name().indexOf('/') < 0) { // the best weights are beside the present
        file.add(e.name(), e.type().toString(), e.type(), e.shape());
      }
    }
    return file;
  }

  private void add(String name, String storedType, ElementType type, List<Long> shape) {
    tensors.put(name, new Stored(name, storedType, type, shape));
  }

  private static boolean isTorch(Path path) {
    String name = String.valueOf(path.getFileName());
    try (InputStream in = Files.newInputStream(path)) {
      byte[] start = in.readNBytes(9);
      if (start.length == 9 && start[8] == '{') {
        return false;
      }
      boolean zip = start.length > 1 && start[0] == 'P' && start[1] == 'K';
      boolean pickle = start.length > 0 && start[0] == (byte) 0x80;
      return zip || pickle || name.endsWith(".pt") || name.endsWith(".pth");
    } catch (IOException e) {
      return false; // the reader of safetensors will say why
    }
  }

  public Path path() {
    return path;
  }

  /** In the order of the file. */
  public Collection<Stored> tensors() {
    return tensors.sequencedValues();
  }

  public Optional<Stored> tensor(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /** What the file says of itself; PyTorch's files say nothing. */
  public Map<String, String> metadata() {
    return safetensors == null ? Map.of() : safetensors.metadata();
  }

  /** Whether modelc wrote it, with the names of its model. */
  public boolean isOwn() {
    return metadata().getOrDefault("format", "").startsWith("modelc");
  }

  /** Whether {@link #read} can give a tensor of the file as elements of {@code type}. */
  public static boolean converts(Stored tensor, ElementType type) {
    return tensor.type() == type || isFloat(tensor.type()) && isFloat(type);
  }

  private static boolean isFloat(ElementType type) {
    return type == ElementType.F32 || type == ElementType.F64;
  }

  /** A tensor in memory of {@code arena}; floats are rounded to {@code type} if it is narrower. */
  public Tensor read(Stored tensor, ElementType type, Arena arena) {
    Tensor read =
        torch != null
            ? torch.read(torch.entry(tensor.name()).orElseThrow(), arena)
            : own().read(own().entry(tensor.name()).orElseThrow(), arena);
    if (read.type() == type) {
      return read;
    }
    if (!converts(tensor, type)) {
      throw new IllegalArgumentException(tensor + " is no " + type);
    }
    MemorySegment out = arena.allocate(read.elements() * type.bytes(), Long.BYTES);
    for (long i = 0; i < read.elements(); i++) {
      if (type == ElementType.F32) {
        double value = read.data().getAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, i);
        out.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) value);
      } else {
        float value = read.data().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
        out.setAtIndex(ValueLayout.JAVA_DOUBLE, i, value);
      }
    }
    return Tensor.wrap(type, read.shape(), out);
  }

  private Safetensors own() {
    return java.util.Objects.requireNonNull(safetensors);
  }

  @Override
  public void close() {
    if (torch != null) {
      torch.close();
    } else {
      own().close();
    }
  }
}
