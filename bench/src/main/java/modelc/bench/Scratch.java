package modelc.bench;
import java.lang.management.ManagementFactory;
public final class Scratch {
  public static void main(String[] a) throws Exception {
    if (a[0].equals("asm")) {
    for (var s : ConvolutionBench.sources()) if (s.name().equals(a[1])) {
      var c = s.make().get();
      java.nio.file.Files.writeString(java.nio.file.Path.of("/tmp/k.s"), c.runner().object().assembly());
      java.nio.file.Files.writeString(java.nio.file.Path.of("/tmp/k.ll"), c.runner().object().llvmIr());
    }
    return; }
    var bean = ManagementFactory.getThreadMXBean();
    int rounds = Integer.parseInt(a[0]);
    var cases = new java.util.ArrayList<ConvolutionBench.Case>();
    for (var s : ConvolutionBench.sources()) if (s.name().matches(a[1])) cases.add(s.make().get());
    cases.add(0, ConvolutionBench.peak(1));
    double[][] t = new double[cases.size()][rounds];
    for (int r = 0; r < rounds; r++) for (int i = 0; i < cases.size(); i++) {
      var c = cases.get(i);
      int reps = (int) Math.max(1, 20e6 * 2 / c.flops() * 3);
      c.runner().run(1, c.symbols(), c.memory());
      long s = bean.getCurrentThreadCpuTime();
      for (int q = 0; q < reps; q++) c.runner().run(1, c.symbols(), c.memory());
      t[i][r] = (double) (bean.getCurrentThreadCpuTime() - s) / reps;
    }
    double peak = 0;
    for (int i = 0; i < cases.size(); i++) {
      var c = cases.get(i);
      java.util.Arrays.sort(t[i]);
      double best = t[i][0], med = t[i][rounds / 2];
      if (i == 0) peak = c.flops() / best;
      System.out.printf("%-46s cpu med %9.3f ms %6.1f GF/s %4.0f%%  best %9.3f %4.0f%%%n", c.name(), med / 1e6, c.flops() / med, 100 * c.flops() / med / peak, best / 1e6, 100 * c.flops() / best / peak);
    }
  }
}
