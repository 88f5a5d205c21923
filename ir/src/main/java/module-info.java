/** The intermediate representations and what holds for all of them. */
module modelc.ir {
  requires static org.jspecify;

  exports modelc.ir;
  exports modelc.ir.loop;
  exports modelc.ir.tensor;
}
