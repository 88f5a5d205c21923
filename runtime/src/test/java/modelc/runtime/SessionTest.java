package modelc.runtime;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SessionTest {
  static void refused(String code, String words, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ModelcException.class,
            e -> {
              assertThat(e.code()).isEqualTo(code);
              assertThat(e.getMessage()).contains(words);
              assertThat(e.cure()).isNotBlank();
            });
  }

  private static void feed(Call infer, int batch) {
    infer.size("batch", batch);
    MemorySegment x = infer.input("x").data();
    for (int i = 0; i < batch * LinearModel.FEATURES; i++) {
      x.setAtIndex(JAVA_FLOAT, i, i);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void everyBatchSizeUpToTheMaximumRuns(int threads) {
    try (var model = LinearModel.model();
        var session = model.open(threads)) {
      session.init(1);
      Call infer = session.call("infer");
      for (int batch : new int[] {8, 1, 7, 3, 8, 2}) {
        feed(infer, batch);
        infer.run();
        Tensor y = infer.output("y");
        assertThat(y.shape()).containsExactly((long) batch);
        for (int r = 0; r < batch; r++) {
          // w = (0.1, 1.1, 2.1), b = 0.5
          assertThat(y.floats()[r])
              .isEqualTo(0.5f + 0.1f * 3 * r + 1.1f * (3 * r + 1) + 2.1f * (3 * r + 2));
        }
      }
    }
  }

  @Test
  void allThreadsEnterAndNoMoreThanCores() {
    var code = new LinearModel();
    int cores = Runtime.getRuntime().availableProcessors();
    try (var model = new Model(LinearModel.spec(), code);
        var session = model.open(cores + 5)) {
      assertThat(session.threads()).isEqualTo(cores);
      session.init(1);
      Call infer = session.call("infer");
      feed(infer, 8);
      infer.run();
      assertThat(code.threadsSeen).hasSize(cores).doesNotHaveDuplicates();
    }
    assertThat(code.closed).isTrue();
  }

  @Test
  void variablesAreSetByName() {
    Tensor w = Tensor.ofFloats(List.of(3L), 1, 2, 3);
    Tensor b = Tensor.ofFloats(List.of(), 4);
    try (var model = LinearModel.model();
        var session = model.open(1)) {
      session.set(Map.of("w", w));
      Call infer = session.call("infer");
      feed(infer, 1);
      refused("R0115", "no weights", infer::run); // b and count have no value yet
      session.set(Map.of("b", b, "w", w, "count", Tensor.ofFloats(List.of(), 0)));
      infer.run();
      assertThat(infer.output("y").floats()).containsExactly(4 + 0 * 1 + 1 * 2 + 2 * 3);
      refused("R0106", "keeps no", () -> session.set(Map.of("v", w)));
      refused("R0130", "not f32[", () -> session.set(Map.of("b", w, "w", b)));
      assertThat(session.variable("w").floats()).containsExactly(1, 2, 3);
    }
  }

  @Test
  void wrongRequestsAreRefusedWithACure() {
    try (var model = LinearModel.model();
        var session = model.open(1);
        var arena = Arena.ofConfined()) {
      refused("R0103", "0 threads", () -> model.open(0));
      refused("R0107", "no entry \"tain\"", () -> session.call("tain"));
      refused("R0106", "keeps no \"v\"", () -> session.variable("v"));
      Call infer = session.call("infer");
      refused("R0115", "no weights yet", infer::run);
      session.init(1);
      refused("R0117", "input x", infer::run);
      refused("R0112", "batch 9 is not from 1 to 8", () -> infer.size("batch", 9));
      refused("R0112", "batch 0", () -> infer.size("batch", 0));
      refused("R0111", "time", () -> infer.size("time", 1));
      refused("R0120", "takes no \"z\"", () -> infer.input("z"));
      refused("R0119", "gives no \"z\"", () -> infer.output("z"));
      refused("R0113", "aligned", () -> infer.bind("x", MemorySegment.ofArray(new float[64])));
      refused("R0113", "aligned", () -> infer.bind("x", arena.allocate(256, 64).asSlice(4)));
      infer.size("batch", 6).bind("x", arena.allocate(64, 64));
      refused("R0118", "needs 72 bytes, its memory has 64", infer::run);
      infer.size("batch", 5).run(); // 60 bytes
      refused("R0114", "status 7", () -> session.call("fail").run());
      infer.run();
    }
  }

  @Test
  void whatNoMemoryHoldsIsRefused() {
    try (var arena = Arena.ofConfined()) {
      refused("R0105", "no memory for much", () -> NativeMemory.allocate(arena, 1L << 62, "much"));
      MemorySegment imagined = MemorySegment.NULL.reinterpret(1L << 34);
      refused(
          "R0123",
          "do not fit into one array",
          () -> Tensor.copyOf(ElementType.F32, List.of(1L << 32), imagined));
    }
  }

  @Test
  void memoryClosedAsARunBeginsIsNoticed() {
    MemorySegment[] bound;
    try (var shared = Arena.ofShared()) {
      bound = Held.closable(List.of(shared.allocate(64)));
    }
    refused("R0128", "closed as the run began", () -> Held.during(bound, () -> {}));
  }

  @Test
  void memoryClosedByItsOwnerIsNoticed() {
    try (var model = LinearModel.model();
        var session = model.open(1)) {
      session.init(1);
      Call infer = session.call("infer");
      try (var arena = Arena.ofConfined()) {
        infer.bind("x", arena.allocate(128, 64)).run();
      }
      refused("R0116", "closed", infer::run);
      feed(infer, 2);
      infer.run();
    }
  }

  @Test
  @SuppressWarnings("MustBeClosedChecker") // closing it is what is tested
  void memoryThatIsReadStaysOpen() throws Exception {
    var code = new LinearModel();
    try (var model = new Model(LinearModel.spec(), code);
        var session = model.open(2)) {
      session.init(1);
      Arena shared = Arena.ofShared();
      var refusal = new AtomicReference<Throwable>();
      Call infer = session.call("infer").size("batch", 5);
      infer.bind("x", shared.allocate(128, 64)).run();
      code.inside =
          () -> {
            try {
              shared.close();
            } catch (IllegalStateException acquired) {
              refusal.set(acquired);
            }
          };
      code.release.countDown();
      Held.during(
          Held.closable(List.of(shared.allocate(64), shared.allocate(64))),
          () -> session.call("block").run());
      assertThat(refusal.get()).isInstanceOf(IllegalStateException.class);
      infer.run();
      shared.close();
      refused("R0116", "closed", infer::run);
    }
  }

  @Test
  void memoryConfinedToAnotherThreadIsRefused() throws Exception {
    try (var model = LinearModel.model();
        var session = model.open(1);
        var arena = Arena.ofConfined()) {
      session.init(1);
      Call infer = session.call("infer").bind("x", arena.allocate(128, 64));
      var thrown = new AtomicReference<Throwable>();
      Thread other =
          Thread.ofPlatform()
              .start(
                  () -> {
                    session.takeOver();
                    try {
                      infer.run();
                    } catch (ModelcException e) {
                      thrown.set(e);
                    }
                  });
      other.join();
      refused(
          "R0126",
          "confined",
          () -> {
            throw thrown.get();
          });
    }
  }

  @Test
  void aSessionBelongsToOneThreadAtATime() throws Exception {
    try (var model = LinearModel.model();
        var session = model.open(1)) {
      session.init(1);
      Call infer = session.call("infer");
      Thread.ofPlatform().start(session::takeOver).join();
      refused("R0109", "another thread", infer::run);
      refused("R0109", "another thread", () -> infer.size("batch", 1));
      refused("R0109", "another thread", () -> session.variable("w"));
      refused("R0109", "another thread", infer::close);
      session.takeOver();
      feed(infer, 1);
      infer.run();
    }
  }

  @Test
  void aClosedCallIsRefusedAndItsMemoryGone() {
    try (var model = LinearModel.model();
        var session = model.open(1)) {
      session.init(1);
      Call infer = session.call("infer");
      feed(infer, 1);
      MemorySegment x = infer.input("x").data();
      infer.close();
      infer.close();
      refused("R0127", "closed", infer::run);
      refused("R0127", "closed", () -> infer.input("x"));
      assertThatThrownBy(() -> x.get(JAVA_FLOAT, 0)).isInstanceOf(IllegalStateException.class);
      Call other = session.call("infer");
      feed(other, 1);
      other.run();
    }
  }

  @Test
  void whatIsWrappedIsSharedAndWhatIsCopiedIsNot() {
    try (var model = LinearModel.model();
        var session = model.open(1);
        var arena = Arena.ofConfined()) {
      session.set(
          Map.of(
              "w", Tensor.ofFloats(List.of(3L), 1, 2, 3),
              "b", Tensor.ofFloats(List.of(), 0),
              "count", Tensor.ofFloats(List.of(), 0)));
      Call infer = session.call("infer").size("batch", 1);
      float[] mine = {1, 1, 1};
      Tensor.Copied copy = Tensor.ofFloats(List.of(1L, 3L), mine);
      mine[0] = 100;
      infer.set("x", copy).run();
      Tensor.Copied six = infer.output("y").copy();
      MemorySegment memory = arena.allocate(64, 64);
      Tensor.Wrapped shared = Tensor.wrap(ElementType.F32, List.of(1L, 3L), memory.asSlice(0, 12));
      infer.bind("x", shared);
      memory.setAtIndex(JAVA_FLOAT, 2, 7);
      infer.run();
      assertThat(infer.output("y").floats()).containsExactly(21);
      assertThat(six.floats()).containsExactly(6);
      assertThat(six.data().isReadOnly()).isTrue();
      refused("R0125", "f32[1,3]", () -> infer.set("x", Tensor.ofFloats(List.of(3L), mine)));
      refused("R0122", "takes 8 bytes", () -> Tensor.ofFloats(List.of(2L), mine));
      refused("R0124", "no shape", () -> Tensor.ofFloats(List.of(-1L), mine));
      refused("R0124", "no shape", () -> Tensor.ofInts(List.of(1L << 40, 1L << 40)));
      refused("R0121", "no values of i32", six::ints);
      refused("R0129", "not one bool", () -> infer.flag("y"));
    }
  }

  @Test
  void closedSessionsAndModelsRefuseAllCalls() {
    var model = LinearModel.model();
    var session = model.open(1);
    session.init(1);
    Call infer = session.call("infer");
    feed(infer, 1);
    MemorySegment w = session.variable("w").data();
    session.close();
    session.close();
    refused("R0108", "closed", infer::run);
    refused("R0108", "closed", () -> session.call("infer"));
    refused("R0108", "closed", () -> session.init(1));
    refused("R0108", "closed", () -> infer.input("x"));
    assertThatThrownBy(() -> w.get(JAVA_FLOAT, 0)).isInstanceOf(IllegalStateException.class);
    var other = model.open(1);
    model.close();
    model.close();
    refused("R0108", "closed", () -> other.init(1));
    refused("R0104", "closed", () -> model.open(1));
  }

  @Test
  void closeWaitsForTheCallInFlightAndASecondCallIsRefused() throws Exception {
    var code = new LinearModel();
    var model = new Model(LinearModel.spec(), code);
    var session = model.open(1);
    session.init(1);
    var failure = new AtomicReference<Throwable>();
    Thread caller =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    session.takeOver();
                    session.call("block").run();
                  } catch (Throwable e) {
                    failure.set(e);
                  }
                });
    code.blocked.await();
    refused("R0109", "another thread", () -> session.call("fail").run());
    refused("R0109", "another thread", () -> session.save(Path.of("never")));
    Thread closer = Thread.ofPlatform().start(model::close);
    closer.join(50);
    assertThat(closer.isAlive()).isTrue();
    assertThat(code.closed).isFalse();
    code.release.countDown();
    closer.join();
    caller.join();
    assertThat(failure).hasNullValue();
    assertThat(code.closed).isTrue();
  }

  @Test
  void aSessionCannotCloseItselfFromInsideACall() {
    var code = new LinearModel();
    code.release.countDown();
    try (var model = new Model(LinearModel.spec(), code);
        var session = model.open(1)) {
      session.init(1);
      var thrown = new AtomicReference<ModelcException>();
      code.inside =
          () -> {
            try {
              session.close();
            } catch (ModelcException e) {
              thrown.set(e);
            }
          };
      session.call("block").run();
      assertThat(thrown.get().code()).isEqualTo("R0110");
      session.call("block").run();
    }
  }

  @Test
  void racingCallsAndClosesEndInAnAnswerOrARefusal() throws Exception {
    for (int round = 0; round < 60; round++) {
      var model = LinearModel.model();
      var session = model.open(2);
      session.init(1);
      var start = new CountDownLatch(1);
      var unexpected = new AtomicReference<Throwable>();
      Runnable[] roles = {
        () -> {
          session.takeOver();
          Call infer = session.call("infer");
          feed(infer, 4);
          for (int i = 0; i < 200; i++) {
            infer.run();
          }
        },
        () -> {
          session.takeOver();
          Call train = session.call("infer");
          feed(train, 8);
          for (int i = 0; i < 200; i++) {
            train.run();
          }
        },
        session::close,
        model::close
      };
      var threads = new Thread[roles.length];
      for (int i = 0; i < roles.length; i++) {
        Runnable role = roles[i];
        long delay = round * 17L % 400;
        threads[i] =
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        start.await();
                        Thread.sleep(0, (int) (delay * 1000));
                        role.run();
                      } catch (UsageException | IllegalStateException refused) {
                        // closed, or in use
                      } catch (Throwable e) {
                        unexpected.set(e);
                      }
                    });
      }
      start.countDown();
      for (Thread t : threads) {
        t.join();
      }
      assertThat(unexpected).hasNullValue();
    }
  }

  @Test
  void weightsComeBackFromAFile(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("w.safetensors");
    try (var model = LinearModel.model();
        var one = model.open(1);
        var two = model.open(1)) {
      one.init(3);
      one.save(file);
      byte[] first = Files.readAllBytes(file);
      one.save(file);
      assertThat(Files.readAllBytes(file)).isEqualTo(first);
      two.load(file);
      assertThat(two.variable("w").floats()).isEqualTo(one.variable("w").floats());
      Call infer = two.call("infer");
      feed(infer, 1);
      infer.run();
    }
  }

  @Test
  void weightsThatDoNotFitAreListedAndChangeNothing(@TempDir Path folder) {
    Path file = folder.resolve("w.safetensors");
    Safetensors.write(
        file,
        Map.of(),
        Map.of(
            "w", Tensor.ofFloats(List.of(2L), 1, 2),
            "b", Tensor.ofFloats(List.of(), 7),
            "fc.w", Tensor.ofInts(List.of(1L), 1)));
    try (var model = LinearModel.model();
        var session = model.open(1)) {
      session.init(1);
      for (String said :
          List.of(
              "w: f32[3] is f32[2] in the file",
              "count: f32[] is not in the file",
              "fc.w: i32[1] is in the file only")) {
        refused("R0201", said, () -> session.load(file));
      }
      assertThat(session.variable("b").floats()).containsExactly(0.5f);
    }
  }

  @Test
  void predictionsGoThroughInPieces() {
    try (var model = LinearModel.model();
        var session = model.open(1);
        var arena = Arena.ofConfined()) {
      session.init(1);
      var x = new float[19 * 3];
      for (int i = 0; i < x.length; i++) {
        x[i] = i % 7;
      }
      var predictor = new Predictor(session);
      Tensor y =
          predictor.predict(Map.of("x", Tensor.ofFloats(List.of(19L, 3L), x)), arena).get("y");
      assertThat(y.shape()).containsExactly(19L);
      for (int r = 0; r < 19; r++) {
        assertThat(y.floats()[r])
            .isEqualTo(0.5f + 0.1f * x[3 * r] + 1.1f * x[3 * r + 1] + 2.1f * x[3 * r + 2]);
      }
      refused(
          "R0511",
          "input x",
          () ->
              predictor.predict(Map.of("x", Tensor.ofFloats(List.of(2L, 2L), 1, 2, 3, 4)), arena));
      refused("R0511", "nothing", () -> predictor.predict(Map.of(), arena));
    }
  }

  @Test
  void contradictingSpecificationsAreRefused() {
    var p = new ArgumentSpec("w", Kind.PARAMETER, ElementType.F32, DimSpec.list(3));
    var q = new ArgumentSpec("w", Kind.PARAMETER, ElementType.F32, DimSpec.list(4));
    var a = new EntrySpec("a", List.of(p), List.of(), List.of(), 0);
    var b = new EntrySpec("b", List.of(q), List.of(), List.of(), 0);
    refused("R0101", "w: f32[4]", () -> verify(a, b));
    refused("R0101", "two of that name", () -> verify(a, a));
    var batch = new ArgumentSpec("x", Kind.INPUT, ElementType.F32, List.of(DimSpec.of("batch")));
    refused(
        "R0101",
        "needs symbol batch",
        () -> verify(new EntrySpec("a", List.of(batch), List.of(), List.of(), 0)));
    var alias = new ResultSpec("w", Kind.PARAMETER, ElementType.F32, DimSpec.list(3), 1);
    refused(
        "R0101",
        "cannot replace",
        () -> verify(new EntrySpec("a", List.of(p), List.of(alias), List.of(), 0)));
    var huge = new ArgumentSpec("x", Kind.INPUT, ElementType.F32, DimSpec.list(1L << 40, 1L << 40));
    refused(
        "R0102",
        "larger than any memory",
        () -> verify(new EntrySpec("a", List.of(huge), List.of(), List.of(), 0)));
  }

  private static void verify(EntrySpec... entries) {
    new ModelSpec("M", List.of(new SymbolSpec("time", 4)), List.of(entries)).verify();
  }

  @Test
  void aTeamLargerThanTheMachineStillMeetsAndParks() throws Exception {
    var code = new LinearModel();
    try (var team = new Team(5, "test");
        var arena = Arena.ofShared()) {
      MemorySegment x = arena.allocate(4096, 64);
      MemorySegment ctx = arena.allocate(128, 64);
      ctx.setAtIndex(java.lang.foreign.ValueLayout.JAVA_LONG, 2, 8);
      for (int i = 3; i <= 6; i++) {
        ctx.setAtIndex(java.lang.foreign.ValueLayout.JAVA_LONG, i, x.address() + 512L * i);
      }
      for (int i = 0; i < 300; i++) {
        assertThat(team.run(code.entry("infer"), ctx.address())).isZero();
        if (i % 100 == 0) {
          Thread.sleep(2); // long enough to park
        }
      }
      assertThat(code.threadsSeen).hasSize(1500);
      assertThat(team.run(code.entry("fail"), ctx.address())).isEqualTo(7);
    }
    code.close();
  }
}
