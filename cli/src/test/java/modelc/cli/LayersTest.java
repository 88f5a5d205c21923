package modelc.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The layers of the compiler: which module may depend on which. javac holds the code to what the
 * module descriptors say; this test holds the descriptors to the table below.
 */
class LayersTest {

  private static final Map<String, Set<String>> ALLOWED =
      Map.ofEntries(
          Map.entry("modelc.grammar", Set.of()),
          Map.entry("modelc.ptx", Set.of()),
          Map.entry("modelc.ir", Set.of()),
          Map.entry("modelc.runtime", Set.of()),
          Map.entry("modelc.frontend", Set.of("modelc.grammar", "modelc.ir")),
          Map.entry("modelc.passes", Set.of("modelc.ir")),
          Map.entry("modelc.backend.llvm", Set.of("modelc.passes")),
          Map.entry("modelc.backend.cpu", Set.of("modelc.passes", "modelc.backend.llvm")),
          Map.entry("modelc.backend.gpu", Set.of("modelc.passes", "modelc.backend.llvm")),
          Map.entry("modelc.data", Set.of("modelc.runtime")),
          Map.entry("modelc.bundle", Set.of("modelc.data", "modelc.runtime")),
          Map.entry(
              "modelc.compiler",
              Set.of(
                  "modelc.frontend",
                  "modelc.passes",
                  "modelc.backend.llvm",
                  "modelc.backend.cpu",
                  "modelc.backend.gpu",
                  "modelc.ptx",
                  "modelc.runtime")));

  private static final Map<String, ModuleDescriptor> MODULES = modulesOnClassPath();

  @Test
  void modulesDependOnExactlyWhatTheirLayerAllows() {
    Map<String, Set<String>> actual = new TreeMap<>();
    MODULES.forEach(
        (name, module) -> {
          if (!name.equals("modelc.cli")) {
            actual.put(name, required(module, r -> r.name().startsWith("modelc.")));
          }
        });
    assertThat(actual).isEqualTo(ALLOWED);
  }

  @Test
  void commandLineDependsOnEveryOtherModule() {
    assertThat(required(MODULES.get("modelc.cli"), r -> r.name().startsWith("modelc.")))
        .isEqualTo(ALLOWED.keySet());
  }

  @Test
  void intermediateRepresentationDependsOnNothing() {
    assertThat(required(MODULES.get("modelc.ir"), LayersTest::atRunTime))
        .containsExactly("java.base");
  }

  @Test
  void runtimeDependsOnTheJdkOnly() {
    assertThat(required(MODULES.get("modelc.runtime"), LayersTest::atRunTime))
        .allMatch(name -> name.startsWith("java.") || name.startsWith("jdk."));
  }

  @Test
  void emulatorDependsOnTheJdkOnly() {
    assertThat(required(MODULES.get("modelc.ptx"), LayersTest::atRunTime))
        .containsExactly("java.base");
  }

  private static boolean atRunTime(Requires requires) {
    return !requires.modifiers().contains(Requires.Modifier.STATIC);
  }

  private static Set<String> required(ModuleDescriptor module, Predicate<Requires> which) {
    return module.requires().stream()
        .filter(which)
        .map(Requires::name)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Map<String, ModuleDescriptor> modulesOnClassPath() {
    Map<String, ModuleDescriptor> modules = new TreeMap<>();
    try {
      List<URL> urls =
          new ArrayList<>(
              Collections.list(
                  LayersTest.class.getClassLoader().getResources("module-info.class")));
      for (URL url : urls) {
        try (InputStream in = url.openStream()) {
          ModuleDescriptor module = ModuleDescriptor.read(in);
          if (module.name().startsWith("modelc.")) {
            modules.put(module.name(), module);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return modules;
  }
}
