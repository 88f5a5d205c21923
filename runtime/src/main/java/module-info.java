/** What a compiled model needs when it runs; depends on the JDK alone. */
module modelc.runtime {
  requires static org.jspecify;

  exports modelc.runtime;
  exports modelc.runtime.cuda;
  exports modelc.runtime.pytorch;
  exports modelc.runtime.weights;
}
