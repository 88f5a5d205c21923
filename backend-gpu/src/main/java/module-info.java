/** Makes PTX of Loop IR with GPU schedules, and lists of launches of its entries. */
module modelc.backend.gpu {
  requires static org.jspecify;
  requires transitive modelc.passes;
  requires modelc.backend.llvm;

  exports modelc.backend.gpu;
}
