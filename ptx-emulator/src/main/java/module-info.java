/** Executes and checks PTX without a GPU; depends on the JDK alone. */
module modelc.ptx {
  requires static org.jspecify;

  exports modelc.ptx;
}
