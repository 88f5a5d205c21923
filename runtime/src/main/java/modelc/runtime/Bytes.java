package modelc.runtime;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * Moves memory of any size and kind to and from a file, through a buffer; little-endian machines
 * only.
 */
final class Bytes {
  private static final int BUFFER = 1 << 20;

  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
  private final MemorySegment staged = MemorySegment.ofBuffer(buffer);

  /** Appends {@code data} at the channel's position. */
  void write(FileChannel channel, MemorySegment data) throws IOException {
    for (long done = 0; done < data.byteSize(); ) {
      int n = (int) Math.min(BUFFER, data.byteSize() - done);
      MemorySegment.copy(data, done, staged, 0, n);
      buffer.clear().limit(n);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      done += n;
    }
  }

  /** Fills {@code data} from the file's {@code position} on. */
  void read(FileChannel channel, long position, MemorySegment data) throws IOException {
    for (long done = 0; done < data.byteSize(); ) {
      int n = (int) Math.min(BUFFER, data.byteSize() - done);
      buffer.clear().limit(n);
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, position + done + buffer.position()) < 0) {
          throw new EOFException("it ends early");
        }
      }
      MemorySegment.copy(staged, 0, data, done, n);
      done += n;
    }
  }
}
