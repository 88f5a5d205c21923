/** The command line. */
module modelc.cli {
  requires static org.jspecify;
  requires com.google.gson;
  requires java.desktop; // drawing, ImageIO
  requires java.management;
  requires jdk.management;
  requires info.picocli;
  requires modelc.grammar;
  requires modelc.ir;
  requires modelc.frontend;
  requires modelc.passes;
  requires modelc.backend.llvm;
  requires modelc.backend.cpu;
  requires modelc.backend.gpu;
  requires modelc.ptx;
  requires modelc.runtime;
  requires modelc.data;
  requires modelc.bundle;
  requires de.siegmar.fastcsv;
  requires modelc.compiler;

  exports modelc.cli;

  opens modelc.cli to
      info.picocli;
}
