package modelc.cli;

import java.util.Optional;
import modelc.backend.cpu.Machine;
import modelc.compiler.CodeCache;
import modelc.compiler.Compiler;
import modelc.ir.Precision;
import modelc.passes.Options;
import modelc.runtime.ContentCache;
import picocli.CommandLine.Option;

/** Whether commands that run a model may take its code from the cache. */
final class CacheOption {
  @Option(
      names = "--no-cache",
      description = "Compile anew, and keep nothing (MODELC_CACHE=off does the same).")
  boolean off;

  /** Where the driver of a GPU may keep its machine code. */
  Optional<ContentCache> content() {
    return off ? Optional.empty() : ContentCache.ofEnvironment(System.getenv());
  }

  Compiler compiler() {
    return compiler(Machine.host());
  }

  Compiler compiler(Machine machine) {
    return compiler(Options.DEFAULT, machine);
  }

  /** A compiler for GPUs. */
  Compiler compiler(Precision precision) {
    return compiler(Options.DEFAULT.withPrecision(precision), Machine.host());
  }

  private Compiler compiler(Options options, Machine machine) {
    return new Compiler(
        options, machine, off ? Optional.empty() : CodeCache.ofEnvironment(System.getenv()));
  }
}
