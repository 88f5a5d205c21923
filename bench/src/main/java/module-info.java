/** Measures compiled models and the compiler itself; not shipped. */
module modelc.bench {
  requires static org.jspecify;
  requires jmh.core;
  requires java.management;
  requires jdk.unsupported;
  requires modelc.grammar;
  requires modelc.ir;
  requires modelc.frontend;
  requires modelc.passes;
  requires modelc.backend.llvm;
  requires modelc.backend.cpu;
  requires modelc.backend.gpu;
  requires modelc.runtime;
  requires modelc.data;
  requires modelc.ptx;
  requires modelc.bundle;
  requires modelc.compiler;
  requires modelc.cli;
}
