/** The place of the PTX backend, which is not built yet. */
module modelc.backend.gpu {
  requires static org.jspecify;
  requires transitive modelc.passes;
  requires modelc.backend.llvm;
}
