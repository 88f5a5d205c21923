/** The ANTLR grammar of the model language and the parser generated from it. */
module modelc.grammar {
  requires static org.jspecify;
  requires transitive org.antlr.antlr4.runtime;

  exports modelc.grammar;
}
