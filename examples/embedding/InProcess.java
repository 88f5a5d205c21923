import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import modelc.compiler.ModelFile;
import modelc.runtime.BatchSource;
import modelc.runtime.Call;
import modelc.runtime.Column;
import modelc.runtime.ElementType;
import modelc.runtime.Model;
import modelc.runtime.Session;
import modelc.runtime.SourceException;
import modelc.runtime.Tensor;
import modelc.runtime.Trainer;
import modelc.runtime.TrainerOptions;
import modelc.runtime.TrainingListener;

/**
 * Compiles examples/xor.model in this process and trains it on a table of its own: the compiler's
 * jars are on the class path.
 */
class InProcess {
  public static void main(String[] arguments) {
    var data = new TruthTable();
    try (Model model = ModelFile.of(Path.of(arguments[0])).withData(data).load();
        Session session = model.open(1)) {
      session.init(2);
      var options = TrainerOptions.of(300, 4);
      new Trainer(session, data, Optional.empty(), options, TrainingListener.NONE).run();
      Call infer = session.call("infer").size("batch", 4);
      infer.set("features", Tensor.ofFloats(List.of(4L, 2L), 0, 0, 0, 1, 1, 0, 1, 1)).run();
      System.out.println(Arrays.toString(infer.output("logit").floats()));
    } catch (SourceException e) {
      System.out.println(e.code() + " at " + e.place().orElseThrow());
    }
  }

  /** Exclusive or of the two lowest bits of a sample's number. */
  record TruthTable() implements BatchSource {
    @Override
    public List<Column> columns() {
      return List.of(
          new Column("features", ElementType.F32, List.of(2L)),
          new Column("target", ElementType.F32, List.of()));
    }

    @Override
    public long size() {
      return 4;
    }

    @Override
    public void read(long sample, long epoch, MemorySegment[] rows) {
      rows[0].setAtIndex(ValueLayout.JAVA_FLOAT, 0, sample / 2);
      rows[0].setAtIndex(ValueLayout.JAVA_FLOAT, 1, sample % 2);
      rows[1].set(ValueLayout.JAVA_FLOAT, 0, sample / 2 ^ sample % 2);
    }
  }
}
