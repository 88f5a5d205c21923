/** The program in a bundle: trains and runs a compiled model without the compiler. */
module modelc.bundle {
  requires static org.jspecify;
  requires com.google.gson;
  requires info.picocli;
  requires transitive modelc.data;
  requires modelc.runtime;

  exports modelc.bundle;

  opens modelc.bundle to
      info.picocli;
}
