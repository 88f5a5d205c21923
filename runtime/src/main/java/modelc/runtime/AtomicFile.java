package modelc.runtime;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Replaces files so that a reader, and a machine that lost power, sees either the old file or the
 * whole new one. It does not guard against two writers: the last one wins.
 */
final class AtomicFile {
  private AtomicFile() {}

  /** Fills an empty file. */
  interface Writer {
    void write(FileChannel channel) throws IOException;
  }

  /**
   * Writes a temporary file beside {@code target}, forces it to the disk, renames it, and forces
   * the folder.
   *
   * @param previous where a file already at {@code target} goes, if it is to be kept
   * @throws FileException if it cannot: then {@code target} is what it was
   */
  static void replace(Path target, Optional<Path> previous, Writer writer) {
    Path absolute = target.toAbsolutePath();
    Path folder = absolute.getParent();
    if (folder == null || absolute.getFileName() == null) {
      throw cannotWrite(target, new IOException("not a file name"));
    }
    // An interrupt would close the channel half way.
    boolean interrupted = Thread.interrupted();
    try {
      Path temporary = folder.resolve(temporaryName(absolute, ProcessHandle.current().pid()));
      try {
        try (var channel =
            FileChannel.open(
                temporary,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
          writer.write(channel);
          channel.force(true);
        }
        if (previous.isPresent() && Files.exists(absolute)) {
          Files.move(
              absolute,
              previous.get(),
              StandardCopyOption.ATOMIC_MOVE,
              StandardCopyOption.REPLACE_EXISTING);
        }
        Files.move(
            temporary,
            absolute,
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(temporary);
      }
      forceFolder(folder);
    } catch (IOException e) {
      throw cannotWrite(target, e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static String temporaryName(Path target, long process) {
    return "." + target.getFileName() + "." + process + ".tmp";
  }

  private static void forceFolder(Path folder) throws IOException {
    if (System.getProperty("os.name", "").startsWith("Windows")) {
      return; // folders cannot be opened there, and renames are journalled
    }
    try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /**
   * Tries whether {@code target} could be written, before hours of work depend on it, and removes
   * what killed processes left half written.
   *
   * @param bytes how much will be written
   * @throws FileException if it could not
   */
  static void prepare(Path target, long bytes) {
    Path absolute = target.toAbsolutePath();
    Path folder = absolute.getParent();
    try {
      if (folder == null || Files.isDirectory(absolute)) {
        throw new IOException("it is a folder");
      }
      Files.createDirectories(folder);
      removeLeftOvers(absolute, folder);
      Path probe = folder.resolve(temporaryName(absolute, ProcessHandle.current().pid()));
      Files.deleteIfExists(probe);
      Files.createFile(probe);
      Files.delete(probe);
      long room = Files.getFileStore(folder).getUsableSpace();
      if (room < bytes) {
        throw new IOException(bytes + " bytes are needed and " + room + " free");
      }
    } catch (IOException e) {
      throw cannotWrite(target, e);
    }
  }

  /**
   * Gives a file another name beside its own, so that the next {@link #replace} does not keep it as
   * the one before.
   *
   * @return the new name
   * @throws FileException if it cannot
   */
  static Path setAside(Path target, String suffix) {
    Path aside = target.resolveSibling(target.getFileName() + suffix);
    try {
      Files.move(target, aside, StandardCopyOption.REPLACE_EXISTING);
      return aside;
    } catch (IOException e) {
      throw cannotWrite(aside, e);
    }
  }

  private static void removeLeftOvers(Path target, Path folder) throws IOException {
    String start = "." + target.getFileName() + ".";
    try (var siblings = Files.newDirectoryStream(folder, p -> isLeftOver(p, start))) {
      for (Path p : siblings) {
        Files.deleteIfExists(p);
      }
    }
  }

  private static boolean isLeftOver(Path path, String start) {
    String name = path.getFileName().toString();
    if (!name.startsWith(start) || !name.endsWith(".tmp")) {
      return false;
    }
    try {
      long process = Long.parseLong(name.substring(start.length(), name.length() - 4));
      return ProcessHandle.of(process).isEmpty();
    } catch (NumberFormatException notOurs) {
      return false;
    }
  }

  private static FileException cannotWrite(Path target, IOException e) {
    var exception =
        new FileException(
            "R0301",
            "cannot write " + target + ": " + reason(e),
            "check that the folder exists, that you may write there, and that the disk has room",
            e);
    exception.at(target);
    return exception;
  }

  /** What went wrong, without the file's name that most messages of the JDK consist of. */
  static String reason(IOException e) {
    return switch (e) {
      case java.nio.file.NoSuchFileException x -> "no such file or folder: " + x.getFile();
      case java.nio.file.AccessDeniedException _ -> "access denied";
      case java.nio.file.FileSystemException x when x.getReason() != null -> x.getReason();
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }
}
