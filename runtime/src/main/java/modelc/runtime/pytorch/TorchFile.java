package modelc.runtime.pytorch;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.zip.ZipException;
import modelc.runtime.DataException;
import modelc.runtime.ElementType;
import modelc.runtime.FileException;
import modelc.runtime.LimitException;
import modelc.runtime.ModelcException;
import modelc.runtime.Tensor;
import modelc.runtime.pytorch.Pickled.View;

/**
 * Reads the tensors of a file that torch.save wrote, today's or before PyTorch 1.6: of a state
 * dict, or of a checkpoint that holds one. The pickle in it is read as data, never run; files with
 * anything but tensors and plain values in them are refused.
 *
 * <p>All sizes are checked against the file before memory is taken for them.
 */
public final class TorchFile implements AutoCloseable {
  private static final int BUFFER = 1 << 16;

  /** A tensor of a file. */
  public static final class Entry {
    private final String name;
    private final View view;

    private Entry(String name, View view) {
      this.name = name;
      this.view = view;
    }

    public String name() {
      return name;
    }

    /** What it is read as. */
    public ElementType type() {
      return view.storage().type().readAs();
    }

    /** PyTorch's name of the type it has in the file, e.g. {@code bfloat16}. */
    public String storedType() {
      return view.storage().type().dtype();
    }

    public List<Long> shape() {
      return view.shape();
    }

    private long elements() {
      return view.shape().stream().reduce(1L, Math::multiplyExact);
    }
  }

  private final Path path;
  private final Archive archive;
  private final Refusals refusals;
  private final SequencedMap<String, Entry> entries = new LinkedHashMap<>();

  private TorchFile(Path path, Archive archive, Refusals refusals) {
    this.path = path;
    this.archive = archive;
    this.refusals = refusals;
  }

  /**
   * Opens a file, reads its pickle, and checks every tensor's place.
   *
   * @throws FileException if it cannot be read
   * @throws DataException if it is damaged, or holds what is not read here
   * @throws LimitException if it is larger than any sensible file
   */
  public static TorchFile open(Path path) {
    var refusals = new Refusals(path);
    Archive archive;
    try {
      archive = archive(path, refusals);
    } catch (ModelcException e) {
      throw e.at(path);
    } catch (IOException e) {
      throw FileException.cannotRead(path, e);
    }
    try {
      var file = new TorchFile(path, archive, refusals);
      StateDict.of(archive.root(), refusals).forEach(file::add);
      return file;
    } catch (IOException e) {
      archive.close();
      throw FileException.cannotRead(path, e);
    } catch (ModelcException e) {
      archive.close();
      throw e.at(path);
    } catch (RuntimeException e) {
      archive.close();
      throw e;
    }
  }

  private static Archive archive(Path path, Refusals refusals) throws IOException {
    if (!Files.isRegularFile(path)) {
      throw new IOException(Files.exists(path) ? "it is no file" : "there is no such file");
    }
    try (InputStream in = Files.newInputStream(path)) {
      if (PlainArchive.isOne(in.readNBytes(PlainArchive.START))) {
        return PlainArchive.open(path, refusals);
      }
    }
    return ZipArchive.open(path, refusals);
  }

  private void add(String name, View view) {
    try {
      checkStorage(name, view);
      checkPlace(name, view);
    } catch (IOException e) {
      throw FileException.cannotRead(path, e);
    }
    entries.put(name, new Entry(name, view));
  }

  private void checkStorage(String name, View view) throws IOException {
    Pickled.Storage s = view.storage();
    if (s.elements() > Long.MAX_VALUE / 8) {
      throw refusals.damaged("the storage of " + name + " is impossibly large");
    }
    long size = archive.size(s.key());
    if (size != s.elements() * s.type().bytes()) {
      throw refusals.damaged(
          "the storage of %s should have %d elements of %s and takes %d bytes"
              .formatted(name, s.elements(), s.type().dtype(), size));
    }
  }

  private void checkPlace(String name, View view) {
    if (view.shape().size() != view.strides().size()) {
      throw refusals.damaged("the strides of " + name + " do not fit its shape");
    }
    long held = view.storage().elements();
    try {
      long elements = view.shape().stream().reduce(1L, Math::multiplyExact);
      if (elements == 0) {
        return; // nothing will be read
      }
      long end = Math.addExact(view.offset(), Strided.span(view));
      if (view.offset() < 0 || end > held) {
        throw refusals.damaged("%s lies outside its storage of %d".formatted(name, held));
      }
      if (elements > held) {
        throw refusals.unknown(
            name + " repeats elements: a shape of " + view.shape() + " over " + held,
            "save it with its own memory: tensor.contiguous()");
      }
    } catch (ArithmeticException overflow) {
      throw refusals.damaged(name + " is impossibly large");
    }
  }

  public Path path() {
    return path;
  }

  /** In the order of the file. */
  public Collection<Entry> entries() {
    return entries.sequencedValues();
  }

  public Optional<Entry> entry(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /** A tensor, row-major, in memory of {@code arena}. */
  public Tensor read(Entry entry, Arena arena) {
    long elements = entry.elements();
    MemorySegment out = allocate(arena, elements * entry.type().bytes(), entry.name());
    if (elements > 0) {
      read(entry, out);
    }
    return Tensor.wrap(entry.type(), entry.shape(), out);
  }

  private void read(Entry entry, MemorySegment out) {
    View view = entry.view;
    int bytes = view.storage().type().bytes();
    try (InputStream in = archive.open(view.storage().key())) {
      in.skipNBytes(view.offset() * bytes);
      if (Strided.isContiguous(view) && bytes == entry.type().bytes() && !isBool(view)) {
        fill(in, out);
        return;
      }
      try (Arena staging = Arena.ofConfined()) {
        MemorySegment stretch = allocate(staging, Strided.span(view) * bytes, entry.name());
        fill(in, stretch);
        Strided.gather(view, stretch, out);
      }
    } catch (EOFException | ZipException e) {
      throw refusals.damaged("the data of " + entry.name() + " ends early");
    } catch (IOException e) {
      throw FileException.cannotRead(path, e);
    }
  }

  private static boolean isBool(View view) {
    return view.storage().type() == StorageType.BOOL; // whose bytes may be more than 0 and 1
  }

  private static void fill(InputStream in, MemorySegment out) throws IOException {
    byte[] piece = new byte[(int) Math.min(BUFFER, out.byteSize())];
    for (long done = 0; done < out.byteSize(); ) {
      int n = (int) Math.min(piece.length, out.byteSize() - done);
      if (in.readNBytes(piece, 0, n) != n) {
        throw new EOFException();
      }
      MemorySegment.copy(MemorySegment.ofArray(piece), 0, out, done, n);
      done += n;
    }
  }

  private MemorySegment allocate(Arena arena, long bytes, String name) {
    try {
      return arena.allocate(bytes, Long.BYTES);
    } catch (OutOfMemoryError e) {
      throw refusals.tooLarge("there is no memory for " + name + ": " + bytes + " bytes");
    }
  }

  @Override
  public void close() {
    archive.close();
  }
}
