package modelc.ptx;

/** What an instruction does, for those lanes of a warp whose bits are set in a mask. */
interface Code {
  void run(Warp w, int mask);
}
