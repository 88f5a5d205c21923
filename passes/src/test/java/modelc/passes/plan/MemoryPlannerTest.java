package modelc.passes.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import modelc.passes.plan.MemoryPlanner.Lifetime;
import modelc.passes.plan.MemoryPlanner.Plan;
import org.junit.jupiter.api.Test;

/**
 * Plans of random lifetimes: nothing alive at once overlaps, everything is aligned, and the arena
 * is not wasted.
 */
class MemoryPlannerTest {
  @Test
  void nothingAliveAtOnceOverlaps() {
    for (long seed = 0; seed < 300; seed++) {
      List<Lifetime> buffers = random(seed);
      Plan plan = MemoryPlanner.plan(buffers);
      for (int i = 0; i < buffers.size(); i++) {
        long offset = plan.offsets().get(i);
        assertThat(offset % MemoryPlanner.ALIGNMENT).isZero();
        assertThat(offset + buffers.get(i).bytes()).isLessThanOrEqualTo(plan.bytes());
        for (int j = 0; j < i; j++) {
          assertThat(clash(buffers.get(i), offset, buffers.get(j), plan.offsets().get(j)))
              .as("seed %d, buffers %d and %d", seed, i, j)
              .isFalse();
        }
      }
    }
  }

  @Test
  void theArenaIsAtLeastWhatIsAliveAtOnceAndSeldomMuchMore() {
    double worst = 1;
    double sum = 0;
    for (long seed = 0; seed < 300; seed++) {
      Plan plan = MemoryPlanner.plan(random(seed));
      assertThat(plan.bytes()).isGreaterThanOrEqualTo(plan.lowerBound());
      double ratio = plan.lowerBound() == 0 ? 1 : (double) plan.bytes() / plan.lowerBound();
      worst = Math.max(worst, ratio);
      sum += ratio;
    }
    assertThat(worst).isLessThan(1.6);
    assertThat(sum / 300).isLessThan(1.12);
  }

  @Test
  void buffersThatFollowEachOtherShareMemory() {
    Plan plan =
        MemoryPlanner.plan(
            List.of(new Lifetime(100, 0, 1), new Lifetime(90, 2, 3), new Lifetime(80, 1, 2)));
    assertThat(plan.offsets().get(0)).isEqualTo(plan.offsets().get(1));
    assertThat(plan.bytes()).isEqualTo(256);
    assertThat(plan.lowerBound()).isEqualTo(256);
  }

  private static boolean clash(Lifetime a, long offsetA, Lifetime b, long offsetB) {
    boolean together = a.first() <= b.last() && b.first() <= a.last();
    return together && offsetA < offsetB + b.bytes() && offsetB < offsetA + a.bytes();
  }

  private static List<Lifetime> random(long seed) {
    var random = new Random(seed);
    var buffers = new ArrayList<Lifetime>();
    int n = random.nextInt(60);
    for (int i = 0; i < n; i++) {
      int first = random.nextInt(50);
      buffers.add(new Lifetime(1 + random.nextInt(10_000), first, first + random.nextInt(12)));
    }
    return buffers;
  }
}
