/** Drives a model from source to a loaded, runnable program. */
module modelc.compiler {
  requires java.compiler;
  requires static org.jspecify;
  requires transitive modelc.frontend;
  requires transitive modelc.passes;
  requires modelc.backend.llvm;
  requires transitive modelc.runtime;
  requires transitive modelc.backend.cpu;
  requires transitive modelc.backend.gpu;
  requires transitive modelc.ptx;

  exports modelc.compiler;
}
