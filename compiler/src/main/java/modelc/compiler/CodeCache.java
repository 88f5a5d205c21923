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

  /** What was stored under {@code key}, if it is there and whole. */
  Optional<CachedCode> read(CodeKey key) {
    Optional<byte[]> bytes = cache.read(key.hash());
    try {
      return bytes.isEmpty()
          ? Optional.empty()
          : Optional.of(
              CachedCode.read(new DataInputStream(new ByteArrayInputStream(bytes.get()))));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Keeps {@code code} for later, if that is possible. */
  void write(CodeKey key, CachedCode code) {
    try {
      var payload = new ByteArrayOutputStream();
      code.write(new DataOutputStream(payload));
      cache.write(key.hash(), payload.toByteArray());
    } catch (IOException e) {
      // The next start compiles again.
    }
  }

  Path file(CodeKey key) {
    return cache.file(key.hash());
  }

  List<Path> files() throws IOException {
    return cache.files();
  }
}
