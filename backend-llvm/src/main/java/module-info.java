/** Writes Loop IR kernels as LLVM IR, and takes LLVM IR through LLVM: what all backends share. */
module modelc.backend.llvm {
  requires static org.jspecify;
  requires transitive modelc.passes;
  requires org.bytedeco.javacpp;
  requires org.bytedeco.llvm;

  exports modelc.backend.llvm;
}
