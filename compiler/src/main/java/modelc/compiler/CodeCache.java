package modelc.compiler;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import modelc.runtime.ContentCache;

/**
 * Compiled programs in the user's {@link ContentCache}, each under the hash of all it was made
 * from. It decides nothing about what that is: {@link CodeKey} does.
 */
public final class CodeCache {
  private final ContentCache cache;

  public CodeCache(Path folder) {
    this(new ContentCache(folder));
  }

  CodeCache(Path folder, long maxBytes) {
    this(new ContentCache(folder, maxBytes));
  }

  private CodeCache(ContentCache cache) {
    this.cache = cache;
  }

  /** The user's cache; empty if there is none. */
  public static Optional<CodeCache> ofEnvironment(Map<String, String> environment) {
    return ContentCache.ofEnvironment(environment).map(CodeCache::new);
  }

  /** Where it is; it need not exist. */
  public Path folder() {
    return cache.folder();
  }

  /** Reads what was kept. */
  interface Reader<T> {
    T read(DataInputStream in) throws IOException;
  }

  /** Writes what is kept. */
  interface Writer<T> {
    void write(T code, DataOutputStream out) throws IOException;
  }

  /** Code, and whether it was found. */
  record Found<T>(T code, boolean cached) {}

  /** What was stored under {@code key}, if it is there and whole; else it is made, and kept. */
  <T> Found<T> get(CodeKey key, Reader<T> reader, Writer<T> writer, Supplier<T> maker) {
    Optional<byte[]> bytes = cache.read(key.hash());
    if (bytes.isPresent()) {
      try {
        return new Found<>(
            reader.read(new DataInputStream(new ByteArrayInputStream(bytes.get()))), true);
      } catch (IOException e) {
        // It is made again.
      }
    }
    T code = maker.get();
    try {
      var payload = new ByteArrayOutputStream();
      writer.write(code, new DataOutputStream(payload));
      cache.write(key.hash(), payload.toByteArray());
    } catch (IOException e) {
      // The next start compiles again.
    }
    return new Found<>(code, false);
  }

  Path file(CodeKey key) {
    return cache.file(key.hash());
  }

  List<Path> files() throws IOException {
    return cache.files();
  }
}
