package modelc.compiler;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.ConstantValueAttribute;
import java.lang.classfile.attribute.ModuleAttribute;
import java.lang.classfile.attribute.ModuleAttribute.ModuleAttributeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.constant.ModuleDesc;
import java.lang.constant.PackageDesc;
import java.lang.reflect.AccessFlag;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.lang.model.SourceVersion;
import modelc.runtime.EntrySpec;
import modelc.runtime.Kind;
import modelc.runtime.Model;
import modelc.runtime.ModelSpec;
import modelc.runtime.UsageException;

/**
 * Writes a compiled model as a modular jar: the library as a resource, a module descriptor, and a
 * class that loads it and has the names of its inputs and outputs. The same model gives the same
 * bytes. No Java compiler takes part.
 */
final class LibraryJar {
  private static final int PUBLIC = AccessFlag.PUBLIC.mask();
  private static final int CONSTANT = PUBLIC | AccessFlag.STATIC.mask() | AccessFlag.FINAL.mask();
  private static final LocalDateTime NO_TIME = LocalDateTime.of(1980, 1, 1, 0, 0);
  private static final ClassDesc MODEL = ClassDesc.of(Model.class.getName());

  private LibraryJar() {}

  static void write(Path jar, byte[] library, ModelSpec spec, String packageName)
      throws IOException {
    if (!SourceVersion.isName(packageName)) {
      throw new UsageException(
          "C0140",
          "no package of Java can be called " + packageName,
          "give a name such as com.example.lenet");
    }
    String name = className(spec.name());
    // No package has a dash in its name: so modules leave the resource open to all.
    String resource = "META-INF/modelc/" + packageName + ".so";
    ClassDesc type = ClassDesc.of(packageName, name);
    try (var out = new JarOutputStream(Files.newOutputStream(jar))) {
      add(
          out,
          "META-INF/MANIFEST.MF",
          "Manifest-Version: 1.0\r\n\r\n".getBytes(StandardCharsets.UTF_8));
      add(out, "module-info.class", descriptor(packageName));
      add(out, packageName.replace('.', '/') + "/" + name + ".class", loader(type, spec, resource));
      add(out, resource, library);
    }
  }

  private static void add(JarOutputStream out, String name, byte[] bytes) throws IOException {
    var entry = new JarEntry(name);
    entry.setTimeLocal(NO_TIME);
    out.putNextEntry(entry);
    out.write(bytes);
    out.closeEntry();
  }

  /** {@code module NAME { requires transitive modelc.runtime; exports NAME; }}. */
  private static byte[] descriptor(String packageName) {
    return ClassFile.of()
        .buildModule(
            ModuleAttribute.of(
                ModuleDesc.of(packageName),
                (ModuleAttributeBuilder m) ->
                    m.requires(ModuleDesc.of("java.base"), Set.of(AccessFlag.MANDATED), null)
                        .requires(
                            ModuleDesc.of("modelc.runtime"), Set.of(AccessFlag.TRANSITIVE), null)
                        .exports(PackageDesc.of(packageName), Set.of())));
  }

  /**
   * A class with {@code public static Model load()}, a constant for each name of an input or
   * output, and {@code MAX_BATCH}.
   */
  private static byte[] loader(ClassDesc type, ModelSpec spec, String resource) {
    return ClassFile.of()
        .build(
            type,
            c -> {
              c.withFlags(PUBLIC | AccessFlag.FINAL.mask());
              c.withField(
                  "MAX_BATCH",
                  ConstantDescs.CD_long,
                  f -> f.withFlags(CONSTANT).with(ConstantValueAttribute.of(spec.maxBatch())));
              for (String name : names(spec)) {
                c.withField(
                    constantName(name),
                    ConstantDescs.CD_String,
                    f -> f.withFlags(CONSTANT).with(ConstantValueAttribute.of(name)));
              }
              c.withMethodBody(
                  "load",
                  MethodTypeDesc.of(MODEL),
                  PUBLIC | AccessFlag.STATIC.mask(),
                  code ->
                      code.loadConstant(type)
                          .loadConstant("/" + resource)
                          .invokestatic(
                              MODEL,
                              "load",
                              MethodTypeDesc.of(
                                  MODEL, ConstantDescs.CD_Class, ConstantDescs.CD_String))
                          .areturn());
            });
  }

  /** Inputs and outputs of all entries; of those whose constants would have one name, the first. */
  private static Collection<String> names(ModelSpec spec) {
    var names = new LinkedHashMap<String, String>(Map.of("MAX_BATCH", ""));
    for (EntrySpec e : spec.entries()) {
      e.arguments(Kind.INPUT).forEach(a -> names.putIfAbsent(constantName(a.name()), a.name()));
      e.results(Kind.OUTPUT).forEach(r -> names.putIfAbsent(constantName(r.name()), r.name()));
    }
    names.remove("MAX_BATCH");
    return names.values();
  }

  private static String constantName(String name) {
    return Header.identifier(name).toUpperCase(Locale.ROOT);
  }

  private static String className(String model) {
    String name = Header.identifier(model);
    return SourceVersion.isName(name) ? name : "Model" + name;
  }
}
