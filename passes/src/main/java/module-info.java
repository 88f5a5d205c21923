/** Transforms the intermediate representation: differentiation, optimisation, lowering. */
module modelc.passes {
  requires static org.jspecify;
  requires transitive modelc.ir;

  exports modelc.passes;
  exports modelc.passes.analysis;
  exports modelc.passes.autodiff;
  exports modelc.passes.contraction;
  exports modelc.passes.fuse;
  exports modelc.passes.layout;
  exports modelc.passes.plan;
  exports modelc.passes.simplify;
  exports modelc.passes.testing;
  exports modelc.passes.vectorize;
}
