package modelc.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrefetcherTest {
  /** Samples that say who they are, some of which take long to read. */
  private static final class Numbered implements BatchSource {
    final long size;
    final long bad;
    final AtomicInteger atOnce = new AtomicInteger();
    final AtomicInteger most = new AtomicInteger();

    Numbered(long size, long bad) {
      this.size = size;
      this.bad = bad;
    }

    @Override
    public List<Column> columns() {
      return List.of(new Column("x", ElementType.I64, List.of()));
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public void read(long sample, long epoch, MemorySegment[] rows) {
      most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
      if (sample % 7 == 0) {
        LockSupport.parkNanos(300_000);
      }
      if (sample == bad) {
        throw new DataException("D9999", "bad", "none");
      }
      rows[0].set(ValueLayout.JAVA_LONG, 0, epoch * 1000 + sample);
      atOnce.decrementAndGet();
    }
  }

  private static List<Long> take(Prefetcher p, int batches) throws InterruptedException {
    var seen = new ArrayList<Long>();
    for (int b = 0; b < batches; b++) {
      Prefetcher.Batch batch = p.next();
      for (int i = 0; i < batch.count(); i++) {
        seen.add(batch.column(0).getAtIndex(ValueLayout.JAVA_LONG, i));
      }
      p.release(batch);
    }
    return seen;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5})
  void batchesComeInOrderWhateverTheThreads(int threads) throws InterruptedException {
    var source = new Numbered(50, -1);
    var expected = new ArrayList<Long>();
    for (long epoch = 3; epoch <= 6; epoch++) {
      for (long i = epoch == 3 ? 16 : 0; i < 50; i++) {
        expected.add(epoch * 1000 + (i + epoch) % 50);
      }
    }
    Prefetcher.Orders orders = epoch -> position -> (position + epoch) % 50;
    try (var p = new Prefetcher(source, BatchMemory::onHost, 8, threads, orders, 3, 2)) {
      assertThat(take(p, 5 + 3 * 7)).isEqualTo(expected);
    }
    assertThat(source.most.get()).isBetween(Math.min(threads, 2), threads);
  }

  @Test
  void theOnlyEpochEnds() throws InterruptedException {
    try (var p =
        new Prefetcher(
            new Numbered(10, -1), BatchMemory::onHost, 4, 3, _ -> position -> position, 0, 0)) {
      assertThat(take(p, 3)).hasSize(10).startsWith(0L).endsWith(9L);
    }
  }

  @Test
  void aFailureIsHeardOfInItsTurnAndAgain() throws InterruptedException {
    try (var p =
        new Prefetcher(
            new Numbered(50, 21), BatchMemory::onHost, 4, 2, _ -> position -> position, 1, 0)) {
      assertThat(take(p, 5)).hasSize(20);
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(p::next).isInstanceOf(DataException.class).hasMessage("bad");
      }
    }
  }

  @Test
  void closingEndsThreadsThatWait() throws InterruptedException {
    var p =
        new Prefetcher(
            new Numbered(1000, -1), BatchMemory::onHost, 4, 3, _ -> position -> position, 1, 0);
    take(p, 1);
    p.close();
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(t -> t.getName().startsWith("modelc-data-") && t.isAlive());
  }
}
