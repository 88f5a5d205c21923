package modelc.runtime.pytorch;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import modelc.runtime.DataException;
import modelc.runtime.ElementType;
import modelc.runtime.FileException;
import modelc.runtime.LimitException;
import modelc.runtime.Tensor;
import modelc.runtime.pytorch.Pickled.View;

/**
 * Reads the tensors of a file that torch.save wrote (a zip, since PyTorch 1.6): of a state dict, or
 * of a checkpoint that holds one. The pickle in it is read as data, never run; files with anything
 * but tensors and plain values in them are refused.
 *
 * <p>All sizes are checked against the file before memory is taken for them. Checksums are not:
 * PyTorch can be told to leave them out.
 */
public final class TorchFile implements AutoCloseable {
  private static final int MAX_PICKLE_BYTES = 16 << 20;
  private static final int BUFFER = 1 << 16;
  private static final String CURE = "save it again with a recent PyTorch: torch.save(state, path)";

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
  private final ZipFile zip;
  private final Refusals refusals;
  private final String folder;
  private final SequencedMap<String, Entry> entries = new LinkedHashMap<>();

  private TorchFile(Path path, ZipFile zip, String folder, Refusals refusals) {
    this.path = path;
    this.zip = zip;
    this.folder = folder;
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
    ZipFile zip = zip(path, refusals);
    try {
      var file = new TorchFile(path, zip, folder(zip, refusals), refusals);
      file.checkByteOrder();
      Pickled root = Unpickler.read(file.small("data.pkl", MAX_PICKLE_BYTES), 0, refusals).value();
      StateDict.of(root, refusals).forEach(file::add);
      return file;
    } catch (IOException e) {
      close(zip);
      throw FileException.cannotRead(path, e);
    } catch (RuntimeException e) {
      close(zip);
      throw e;
    }
  }

  private static ZipFile zip(Path path, Refusals refusals) {
    try {
      if (!Files.isRegularFile(path)) {
        throw new IOException(Files.exists(path) ? "it is no file" : "there is no such file");
      }
      return new ZipFile(path.toFile());
    } catch (ZipException e) {
      if (startsLikeAPickle(path)) {
        throw refusals.unknown("it has the format of PyTorch before 1.6", CURE);
      }
      throw refusals.damaged("it is no whole zip file (" + e.getMessage() + ")");
    } catch (IOException e) {
      throw FileException.cannotRead(path, e);
    }
  }

  private static boolean startsLikeAPickle(Path path) {
    try (InputStream in = Files.newInputStream(path)) {
      return in.read() == Opcode.PROTO;
    } catch (IOException e) {
      throw FileException.cannotRead(path, e);
    }
  }

  /** The folder that all files of the archive are in. */
  private static String folder(ZipFile zip, Refusals refusals) {
    List<String> found =
        zip.stream()
            .map(ZipEntry::getName)
            .filter(n -> n.endsWith("/data.pkl") && n.indexOf('/') == n.lastIndexOf('/'))
            .toList();
    if (found.size() != 1) {
      throw refusals.unknown("it is a zip file without PyTorch's data.pkl", CURE);
    }
    String name = found.getFirst();
    String folder = name.substring(0, name.length() - "data.pkl".length());
    if (zip.getEntry(folder + "constants.pkl") != null) {
      throw refusals.unknown(
          "it is a TorchScript program, not a file of tensors",
          "save the weights: torch.save(torch.jit.load(path).state_dict(), \"w.pt\")");
    }
    return folder;
  }

  private void checkByteOrder() throws IOException {
    if (zip.getEntry(folder + "byteorder") != null
        && !new String(small("byteorder", 64), StandardCharsets.UTF_8).strip().equals("little")) {
      throw refusals.unknown("it was saved on a big-endian machine", CURE);
    }
  }

  private byte[] small(String name, int limit) throws IOException {
    ZipEntry entry = stored(name);
    if (entry.getSize() > limit) {
      throw refusals.tooLarge(name + " takes " + entry.getSize() + " of " + limit + " bytes");
    }
    try (InputStream in = zip.getInputStream(entry)) {
      byte[] bytes = in.readNBytes((int) entry.getSize());
      if (bytes.length != entry.getSize()) {
        throw refusals.damaged(name + " ends early");
      }
      return bytes;
    } catch (ZipException e) {
      throw refusals.damaged(name + " cannot be read (" + e.getMessage() + ")");
    }
  }

  /** A file of the archive, which lies there byte by byte: compressed ones are not PyTorch's. */
  private ZipEntry stored(String name) throws IOException {
    ZipEntry entry = zip.getEntry(folder + name);
    if (entry == null) {
      throw refusals.damaged("there is no " + name + " in it");
    }
    if (entry.getMethod() != ZipEntry.STORED || entry.getSize() != entry.getCompressedSize()) {
      throw refusals.unknown(name + " in it is compressed, which torch.save does not do", CURE);
    }
    if (entry.getSize() < 0 || entry.getSize() > Files.size(path)) {
      throw refusals.damaged(name + " is larger than the file");
    }
    return entry;
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
    long size = stored("data/" + s.key()).getSize();
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
    return new Tensor(entry.type(), entry.shape(), out);
  }

  private void read(Entry entry, MemorySegment out) {
    View view = entry.view;
    int bytes = view.storage().type().bytes();
    try (InputStream in = zip.getInputStream(stored("data/" + view.storage().key()))) {
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

  private static void close(ZipFile zip) {
    try {
      zip.close();
    } catch (IOException _) {
      // It was only read from.
    }
  }

  @Override
  public void close() {
    close(zip);
  }
}
