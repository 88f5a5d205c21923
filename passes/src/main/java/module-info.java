/** Transforms the intermediate representation: differentiation, optimisation, lowering. */
module modelc.passes {
  requires static org.jspecify;
  requires transitive modelc.ir;

  exports modelc.passes;
  exports modelc.passes.contraction;
  exports modelc.passes.vectorize;
}
