package modelc.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Writes a jar anew with its classes in the form of Java 21: the JVM's ahead-of-time cache takes
 * none from before Java 6, as picocli's are, and so each start would parse and verify them. Nothing
 * else changes. For the launcher, which gives the jar of the library and where the other goes; the
 * library must be on the class path, too.
 */
final class Modernize {
  private static final int OLDEST = ClassFile.JAVA_6_VERSION;

  /** Classes of today say at each branch target what types there are, which is worked out. */
  private static final ClassFile FORM = ClassFile.of(ClassFile.StackMapsOption.GENERATE_STACK_MAPS);

  private static final ClassTransform CURRENT =
      ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL)
          .andThen(
              (builder, element) ->
                  builder.with(
                      element instanceof ClassFileVersion
                          ? ClassFileVersion.of(ClassFile.JAVA_21_VERSION, 0)
                          : element));

  private Modernize() {}

  public static void main(String[] args) throws IOException {
    try (var from = new ZipFile(args[0]);
        var to =
            new ZipOutputStream(
                new BufferedOutputStream(Files.newOutputStream(Path.of(args[1]))))) {
      to.setLevel(0);
      for (ZipEntry e : from.stream().map(ZipEntry.class::cast).toList()) {
        to.putNextEntry(new ZipEntry(e.getName()));
        byte[] bytes = from.getInputStream(e).readAllBytes();
        to.write(e.getName().endsWith(".class") ? modern(bytes) : bytes);
      }
    }
  }

  static byte[] modern(byte[] bytes) {
    ClassModel model = FORM.parse(bytes);
    return model.majorVersion() < OLDEST ? FORM.transformClass(model, CURRENT) : bytes;
  }
}
