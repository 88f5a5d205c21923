/** Reads model sources, checks them and builds the intermediate representation. */
module modelc.frontend {
  requires static org.jspecify;
  requires modelc.grammar;
  requires transitive modelc.ir;

  exports modelc.frontend;
  exports modelc.frontend.ast;
  exports modelc.frontend.diagnostic;
  exports modelc.frontend.parse;
}
