package modelc.bench;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import modelc.backend.cpu.Machine;
import modelc.bundle.Numbers;
import modelc.compiler.Compiled;
import modelc.compiler.Compiler;
import modelc.compiler.EmulatedDevice;
import modelc.compiler.Libraries;
import modelc.ir.Precision;
import modelc.ir.Symbol;
import modelc.ir.tensor.Interpreter;
import modelc.ir.tensor.Program;
import modelc.ir.tensor.Tensor;
import modelc.passes.Options;
import modelc.passes.testing.OpCase;
import modelc.passes.testing.OpTable;
import modelc.runtime.ElementType;
import modelc.runtime.Model;
import modelc.runtime.Session;

/**
 * Makes a library of all ops over their hostile shapes for each precision, with the numbers that
 * the reference interpreter computes: what a GPU is checked by before anything is timed.
 *
 * <p>Arguments: a bundle's folder; or {@code emulator}, which runs them all there instead.
 */
public final class OpNumbers {
  /**
   * How far apart results may be where products of tensor cores are summed: fewer bits than
   * float32's are kept on the way.
   */
  private static final Map<Precision, Double> LEAST =
      Map.of(Precision.FLOAT32, 0.0, Precision.TF32, 1e-4, Precision.BF16, 1e-4);

  private OpNumbers() {}

  public static void main(String[] args) throws IOException {
    List<OpCase> cases = OpTable.cases();
    Program program = OpCase.program(cases);
    boolean emulated = args[0].equals("emulator");
    Optional<Compiled> code =
        emulated
            ? Optional.empty()
            : Optional.of(
                new Compiler(Options.DEFAULT, Machine.named("x86-64-v3")).compile(program));
    for (Precision p : Precision.values()) {
      var numbers = new Numbers(numbers(program, cases, p));
      var compiler = new Compiler(Options.DEFAULT.withPrecision(p));
      if (emulated) {
        try (Model model = compiler.on(new EmulatedDevice(), program);
            Session session = model.open(1)) {
          List<String> wrong = numbers.wrong(session);
          wrong.forEach(System.out::println);
          System.out.println(p + ": " + cases.size() + " cases, " + wrong.size() + " wrong");
        }
      } else {
        String name = "ops_" + p.toString().toLowerCase(Locale.ROOT);
        Path models = Path.of(args[0], "models");
        var kernels = Optional.of(compiler.forDevices(program).program());
        Libraries.write(code.orElseThrow(), program, kernels, models.resolve(name + ".so"));
        numbers.write(models.resolve(name + ".numbers.safetensors"));
      }
    }
  }

  private static List<Numbers.Case> numbers(Program program, List<OpCase> cases, Precision p) {
    var numbers = new ArrayList<Numbers.Case>();
    for (int i = 0; i < cases.size(); i++) {
      OpCase c = cases.get(i);
      var entry = program.entries().get(i);
      // What is exact in bfloat16 is a factor that no precision rounds.
      List<Tensor> given =
          c.arguments(1).stream().map(t -> p == Precision.FLOAT32 ? t : rounded(t)).toList();
      List<Tensor> expected = Interpreter.run(c.function(), given, c.symbols());
      var arguments = new LinkedHashMap<String, modelc.runtime.Tensor>();
      for (int k = 0; k < given.size(); k++) {
        arguments.put(entry.arguments().get(k).name(), stored(given.get(k)));
      }
      var results = new LinkedHashMap<String, modelc.runtime.Tensor>();
      for (int k = 0; k < expected.size(); k++) {
        results.put(entry.results().get(k).name(), stored(expected.get(k)));
      }
      var sizes = new LinkedHashMap<String, Long>();
      c.symbols().forEach((Symbol s, Long n) -> sizes.put(s.name(), n));
      double tolerance = Math.max(c.tolerance(), LEAST.getOrDefault(p, 0.0));
      numbers.add(new Numbers.Case(c.name(), entry.name(), sizes, tolerance, arguments, results));
    }
    return numbers;
  }

  private static Tensor rounded(Tensor t) {
    return t.dtype().isFloat()
        ? Tensor.of(
            t.dtype(),
            t.shape(),
            Arrays.stream(t.data()).map(x -> Precision.BF16.round((float) x)).toArray())
        : t;
  }

  private static modelc.runtime.Tensor stored(Tensor t) {
    ElementType type = ElementType.valueOf(t.dtype().name());
    ByteBuffer b =
        ByteBuffer.allocate(t.data().length * type.bytes()).order(ByteOrder.nativeOrder());
    for (double x : t.data()) {
      switch (type) {
        case F32 -> b.putFloat((float) x);
        case F64 -> b.putDouble(x);
        case I32 -> b.putInt((int) x);
        case I64 -> b.putLong((long) x);
        case BOOL -> b.put((byte) x);
      }
    }
    List<Long> shape = Arrays.stream(t.shape()).boxed().toList();
    return modelc.runtime.Tensor.copyOf(type, shape, MemorySegment.ofArray(b.array()));
  }
}
