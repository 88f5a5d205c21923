package modelc.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import modelc.backend.llvm.CodeGenerationException;
import modelc.ir.DType;
import modelc.ir.Dim;
import modelc.ir.loop.Buffer;
import modelc.ir.loop.Expr;
import modelc.ir.loop.Kernel;
import modelc.ir.loop.LoopBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What LLVM refuses becomes an exception. In processes of their own, since LLVM ends the process on
 * some errors.
 */
class LlvmCompilerTest {
  private static final List<String> HOSTILE =
      List.of(
          "define void @f( {",
          "define i32 @f() {\n  ret i64 0\n}",
          "define float @f(float %x) {\n"
              + "  br label %a\n"
              + "a:\n"
              + "  %y = fadd float %z, %x\n"
              + "  %z = fadd float %y, %x\n"
              + "  ret float %z\n"
              + "}",
          "declare void @llvm.nonsense()\n"
              + "define void @f() {\n"
              + "  call void @llvm.nonsense()\n"
              + "  ret void\n"
              + "}",
          "declare float @llvm.sqrt.nonsense(float)\ndefine float @f(float %x) {\n"
              + "  %y = call float @llvm.sqrt.nonsense(float %x)\n  ret float %y\n}",
          "declare float @llvm.exp.f32(float)\ndefine float @f(float %x) {\n"
              + "  %y = call float @llvm.exp.f32(float %x)\n  ret float %y\n}",
          "declare void @llvm.nvvm.barrier0()\n"
              + "define void @f() {\n"
              + "  call void @llvm.nvvm.barrier0()\n"
              + "  ret void\n"
              + "}",
          "declare void @missing()\n"
              + "define i32 @modelc_run() {\n"
              + "  call void @missing()\n"
              + "  ret i32 0\n"
              + "}");

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
  void hostileModulesAreRefused(int module) throws Exception {
    assertThat(child("hostile", module)).isEqualTo("refused");
  }

  /** Chains of 20,000 operations: code generation recurses, on a stack of its own. */
  @Test
  void deepExpressionsCompile() throws Exception {
    assertThat(child("deep", 20_000)).isEqualTo("20001.0");
  }

  @Test
  void symbolsThatDoNotExistAreRefused() {
    var module = "define i32 @modelc_run() {\n  ret i32 7\n}";
    var object =
        new CompiledObject(
            List.of(CompiledObject.Part.compile(module, Machine.host(), true, 0)),
            Machine.host(),
            0);
    try (var jit = Jit.load(object)) {
      assertThat(jit.symbol("modelc_run").address()).isNotZero();
      assertThatThrownBy(() -> jit.symbol("modelc_other"))
          .isInstanceOf(CodeGenerationException.class);
      jit.close();
      assertThatThrownBy(() -> jit.symbol("modelc_run")).isInstanceOf(IllegalStateException.class);
    }
  }

  private static String child(String what, int argument) throws IOException, InterruptedException {
    Path launcher = Path.of(System.getProperty("java.home"), "bin", "java");
    var process =
        new ProcessBuilder(
                launcher.toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx512m",
                "-cp",
                classPath(),
                Child.class.getName(),
                what,
                Integer.toString(argument))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
    assertThat(process.waitFor(100, TimeUnit.SECONDS)).isTrue();
    return out;
  }

  private static String classPath() {
    if (LlvmCompilerTest.class.getClassLoader() instanceof URLClassLoader loader) {
      return Stream.of(loader.getURLs())
          .map(URL::getPath)
          .collect(Collectors.joining(File.pathSeparator));
    }
    return System.getProperty("java.class.path");
  }

  /** Compiles one thing and says what came of it. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) {
      int argument = Integer.parseInt(args[1]);
      if (args[0].equals("deep")) {
        System.out.println(deep(argument));
        return;
      }
      try (var jit =
          Jit.load(
              new CompiledObject(
                  List.of(
                      CompiledObject.Part.compile(HOSTILE.get(argument), Machine.host(), true, 0)),
                  Machine.host(),
                  0))) {
        jit.symbol("modelc_run");
        System.out.println("compiled");
      } catch (CodeGenerationException e) {
        System.out.println("refused");
      }
    }

    private static float deep(int depth) {
      var y = Buffer.global("y", DType.F32, Dim.of(1));
      Expr e = LoopBuilder.load(y, LoopBuilder.index(0));
      for (int i = 0; i < depth; i++) {
        e = LoopBuilder.add(e, LoopBuilder.f32(1));
      }
      var b = new LoopBuilder();
      b.store(y, LoopBuilder.index(0), e);
      var kernel = new Kernel("deep", List.of(y), List.of(), b.block(), java.util.Set.of());
      try (var runner = NativeRunner.of(kernel)) {
        var memory = runner.allocate(1f);
        runner.run(1, java.util.Map.of(), memory);
        return memory.get(java.lang.foreign.ValueLayout.JAVA_FLOAT, 0);
      }
    }
  }
}
