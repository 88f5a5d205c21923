/** Generates native code for the CPU with LLVM. */
module modelc.backend.cpu {
  requires static org.jspecify;
  requires transitive modelc.passes;
  requires modelc.backend.llvm;
  requires org.bytedeco.javacpp;
  requires org.bytedeco.llvm;

  exports modelc.backend.cpu;
}
