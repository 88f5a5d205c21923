package modelc.backend.llvm;

import static org.bytedeco.llvm.global.LLVM.*;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.llvm.LLVM.LLVMContextRef;
import org.bytedeco.llvm.LLVM.LLVMDiagnosticHandler;
import org.bytedeco.llvm.LLVM.LLVMDiagnosticInfoRef;
import org.bytedeco.llvm.LLVM.LLVMErrorRef;
import org.bytedeco.llvm.LLVM.LLVMMemoryBufferRef;
import org.bytedeco.llvm.LLVM.LLVMModuleRef;
import org.bytedeco.llvm.LLVM.LLVMTargetMachineRef;
import org.bytedeco.llvm.LLVM.LLVMTargetRef;
import org.bytedeco.llvm.LLVM.LLVMValueRef;

/**
 * Takes LLVM IR in text through LLVM: parse, verify, a few passes, code. It writes no IR and loads
 * no code.
 *
 * <p>Some errors inside LLVM end the process. So: every module is verified, only intrinsics of a
 * known list pass, the pass pipeline is a constant, and errors reported through the context are
 * collected by a handler (without one LLVM exits; with one it carries on and the result must not be
 * used).
 */
public final class LlvmCompiler {
  /**
   * Few passes, since vector code arrives ready: stack slots to registers, common subexpressions,
   * loop invariants. The standard -O3 pipeline takes some ten times as long and makes this code no
   * quicker.
   */
  private static final String PASSES =
      "always-inline,function(sroa,early-cse,instcombine<no-verify-fixpoint>,simplifycfg,loop-mssa(licm),gvn),globaldce";

  /** What unoptimised code needs: helpers are always inlined. */
  private static final String TRANSLATION = "always-inline,globaldce";

  /**
   * Intrinsics by the name up to their types; all are known to be generated inline. Those of one
   * kind of machine pass there only.
   */
  private static final Set<String> INTRINSICS =
      Set.of(
          "fma",
          "sqrt",
          "fabs",
          "floor",
          "ceil",
          "roundeven",
          "trunc",
          "copysign",
          "abs",
          "smax",
          "smin",
          "umax",
          "umin",
          "fptosi",
          "masked",
          "prefetch",
          "readcyclecounter",
          "ctlz",
          "fshl",
          "sadd");

  /** Intrinsics of one kind of machine, by how its triples begin. */
  private static final Map<String, String> OWN_INTRINSICS =
      Map.of("x86_64", "x86", "aarch64", "aarch64", "nvptx64", "nvvm", "wasm32", "wasm");

  private static final class Host {
    static final LlvmTarget TARGET = initialiseHost();
  }

  /** Makes ARM's 64-bit processors known to LLVM, once. */
  private static final class Aarch64 {
    static {
      LLVMInitializeAArch64TargetInfo();
      LLVMInitializeAArch64Target();
      LLVMInitializeAArch64TargetMC();
      LLVMInitializeAArch64AsmPrinter();
    }

    /** Does nothing but make sure that the above has run. */
    static void initialise() {}
  }

  /** Makes WebAssembly known to LLVM, once. */
  private static final class Wasm {
    static {
      LLVMInitializeWebAssemblyTargetInfo();
      LLVMInitializeWebAssemblyTarget();
      LLVMInitializeWebAssemblyTargetMC();
      LLVMInitializeWebAssemblyAsmPrinter();
    }

    /** Does nothing but make sure that the above has run. */
    static void initialise() {}
  }

  /** Makes NVIDIA's GPUs known to LLVM, once. */
  private static final class Nvptx {
    static {
      LLVMInitializeNVPTXTargetInfo();
      LLVMInitializeNVPTXTarget();
      LLVMInitializeNVPTXTargetMC();
      LLVMInitializeNVPTXAsmPrinter();
    }

    /** Does nothing but make sure that the above has run. */
    static void initialise() {}
  }

  /**
   * What LLVM made of a module.
   *
   * @param parse milliseconds spent parsing and verifying it
   * @param passes milliseconds in LLVM's passes
   * @param generate milliseconds generating code
   */
  public record Generated(byte[] bytes, double parse, double passes, double generate) {
    public String text() {
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  private LlvmCompiler() {}

  /** The machine this program runs on. */
  public static LlvmTarget host() {
    return Host.TARGET;
  }

  /** LLVM's version, and what it is told to do. */
  public static String version() {
    int[] major = new int[1];
    int[] minor = new int[1];
    int[] patch = new int[1];
    LLVMGetVersion(major, minor, patch);
    return "LLVM " + major[0] + "." + minor[0] + "." + patch[0] + " " + PASSES;
  }

  /** Compiles to an object file. */
  public static Generated object(String ir, LlvmTarget machine, boolean optimised) {
    return inModule(ir, machine, optimised, m -> m.generated(LLVMObjectFile));
  }

  /**
   * Compiles to an object file that checks itself as it runs, for a program with AddressSanitizer's
   * runtime and a function {@code modelc_undefined(is, what)}, which is told of undefined
   * behaviour: {@code is} is 1 for division by zero or without a result, overflow, or wrong
   * alignment.
   */
  public static Generated sanitized(String ir, LlvmTarget machine) {
    try (var module = new OpenModule(Sanitizer.instrument(ir), machine, true)) {
      module.run("asan");
      return module.generated(LLVMObjectFile);
    }
  }

  /** Compiles to assembly text: PTX for GPUs. */
  public static Generated assembly(String ir, LlvmTarget machine) {
    return inModule(ir, machine, true, m -> m.generated(LLVMAssemblyFile));
  }

  /** The module after LLVM's passes. */
  public static String optimised(String ir, LlvmTarget machine) {
    return inModule(
        ir,
        machine,
        true,
        m -> {
          BytePointer text = LLVMPrintModuleToString(m.module);
          String copy = text.getString();
          LLVMDisposeMessage(text);
          return copy;
        });
  }

  private static <T> T inModule(
      String ir, LlvmTarget machine, boolean optimised, Function<OpenModule, T> use) {
    try (var module = new OpenModule(ir, machine, optimised)) {
      return use.apply(module);
    }
  }

  private static LlvmTarget initialiseHost() {
    LLVMInitializeNativeTarget();
    LLVMInitializeNativeAsmPrinter();
    String triple = text(LLVMGetDefaultTargetTriple());
    String cpu = text(LLVMGetHostCPUName());
    String features = text(LLVMGetHostCPUFeatures());
    return new LlvmTarget(triple, cpu, features);
  }

  private static LLVMTargetRef target(String triple) {
    switch (triple.substring(0, Math.max(0, triple.indexOf('-')))) {
      case "nvptx64" -> Nvptx.initialise();
      case "aarch64" -> Aarch64.initialise();
      case "wasm32" -> Wasm.initialise();
      default -> host();
    }
    var target = new LLVMTargetRef();
    var message = new BytePointer((Pointer) null);
    if (LLVMGetTargetFromTriple(new BytePointer(triple), target, message) != 0) {
      throw new CodeGenerationException("no code generator for " + triple + ": " + text(message));
    }
    return target;
  }

  /** The text of an LLVM string, which is freed. */
  static String text(BytePointer message) {
    if (message == null || message.isNull()) {
      return "";
    }
    String copy = message.getString();
    LLVMDisposeMessage(message);
    return copy;
  }

  public static void check(LLVMErrorRef error) {
    if (error != null && !error.isNull()) {
      BytePointer message = LLVMGetErrorMessage(error);
      String copy = message.getString();
      LLVMDisposeErrorMessage(message);
      throw new CodeGenerationException(copy);
    }
  }

  /** Bytes in a buffer that LLVM owns. */
  public static LLVMMemoryBufferRef buffer(byte[] bytes, String name) {
    try (var copy = new BytePointer(bytes.length + 1L);
        var label = new BytePointer(name)) {
      copy.put(bytes).put(bytes.length, (byte) 0);
      return LLVMCreateMemoryBufferWithMemoryRangeCopy(copy, bytes.length, label);
    }
  }

  /** A module in a context of its own, parsed, verified and optimised. */
  private static final class OpenModule implements AutoCloseable {
    private final LLVMContextRef context = LLVMContextCreate();
    private final LLVMModuleRef module = new LLVMModuleRef();
    private final LLVMTargetMachineRef machine;
    private final String triple;
    private final List<String> errors = new ArrayList<>();
    private final LLVMDiagnosticHandler handler =
        new LLVMDiagnosticHandler() {
          @Override
          public void call(LLVMDiagnosticInfoRef info, Pointer unused) {
            if (LLVMGetDiagInfoSeverity(info) == LLVMDSError) {
              errors.add(text(LLVMGetDiagInfoDescription(info)));
            }
          }
        };
    private double parse;
    private double passes;
    private double generate;

    OpenModule(String ir, LlvmTarget made, boolean optimised) {
      triple = made.triple();
      machine =
          LLVMCreateTargetMachine(
              target(triple),
              triple,
              made.cpu(),
              made.features(),
              optimised ? LLVMCodeGenLevelAggressive : LLVMCodeGenLevelNone,
              LLVMRelocPIC,
              LLVMCodeModelDefault);
      boolean ready = false;
      try {
        LLVMContextSetDiagnosticHandler(context, handler, null);
        long start = System.nanoTime();
        parse(ir);
        parse = millisSince(start);
        start = System.nanoTime();
        run(optimised ? PASSES : TRANSLATION);
        passes = millisSince(start);
        ready = true;
      } finally {
        if (!ready) {
          close();
        }
      }
    }

    private void parse(String ir) {
      var message = new BytePointer((Pointer) null);
      if (LLVMParseIRInContext(
              context, buffer(ir.getBytes(StandardCharsets.UTF_8), "modelc"), module, message)
          != 0) {
        throw new CodeGenerationException("LLVM cannot read its input: " + text(message));
      }
      LLVMSetTarget(module, triple);
      var layout = LLVMCreateTargetDataLayout(machine);
      LLVMSetModuleDataLayout(module, layout);
      LLVMDisposeTargetData(layout);
      if (LLVMVerifyModule(module, LLVMReturnStatusAction, message) != 0) {
        throw new CodeGenerationException("LLVM found its input ill-formed: " + text(message));
      }
      text(message);
      checkIntrinsics();
    }

    private void checkIntrinsics() {
      String own = OWN_INTRINSICS.get(triple.substring(0, Math.max(0, triple.indexOf('-'))));
      for (LLVMValueRef f = LLVMGetFirstFunction(module); f != null; f = LLVMGetNextFunction(f)) {
        String name = LLVMGetValueName(f).getString();
        if (name.startsWith("llvm.")) {
          int end = name.indexOf('.', 5);
          String base = name.substring(5, end < 0 ? name.length() : end);
          boolean safe = INTRINSICS.contains(base) || base.equals(own);
          if (!safe || LLVMGetIntrinsicID(f) == 0) {
            throw new CodeGenerationException(
                "intrinsic " + name + " is not on the list of those known to be safe");
          }
        }
      }
    }

    private void run(String pipeline) {
      var options = LLVMCreatePassBuilderOptions();
      try {
        check(LLVMRunPasses(module, pipeline, machine, options));
      } finally {
        LLVMDisposePassBuilderOptions(options);
      }
      checkErrors();
    }

    Generated generated(int fileType) {
      byte[] bytes = generate(fileType);
      return new Generated(bytes, parse, passes, generate);
    }

    private byte[] generate(int fileType) {
      long start = System.nanoTime();
      var message = new BytePointer((Pointer) null);
      var out = new LLVMMemoryBufferRef();
      if (LLVMTargetMachineEmitToMemoryBuffer(machine, module, fileType, message, out) != 0) {
        throw new CodeGenerationException("LLVM cannot generate code: " + text(message));
      }
      byte[] bytes = new byte[(int) LLVMGetBufferSize(out)];
      LLVMGetBufferStart(out).get(bytes);
      LLVMDisposeMemoryBuffer(out);
      generate = millisSince(start);
      checkErrors();
      return bytes;
    }

    private void checkErrors() {
      if (!errors.isEmpty()) {
        throw new CodeGenerationException(String.join("; ", errors));
      }
    }

    @Override
    public void close() {
      if (!module.isNull()) {
        LLVMDisposeModule(module);
      }
      LLVMDisposeTargetMachine(machine);
      LLVMContextDispose(context);
      handler.close();
    }

    private static double millisSince(long start) {
      return (System.nanoTime() - start) / 1e6;
    }
  }
}
