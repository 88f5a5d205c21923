import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import modelc.runtime.BatchSource;
import modelc.runtime.Column;
import modelc.runtime.ElementType;
import modelc.runtime.Model;
import modelc.runtime.Session;
import modelc.runtime.Trainer;
import modelc.runtime.TrainerOptions;
import modelc.runtime.TrainingListener;
import modelc.runtime.TrainingResult;

/**
 * Trains a compiled LeNet on the program's own data: pictures with a vertical or a horizontal
 * stroke. Only the runtime is on the class path: no compiler.
 *
 * <pre>
 * ./modelc compile examples/lenet.model -o lenet.so
 * java --enable-native-access=ALL-UNNAMED -cp RUNTIME.jar examples/embedding/Train.java lenet.so weights.safetensors
 * </pre>
 */
class Train {
  public static void main(String[] arguments) {
    try (Model model = Model.load(Path.of(arguments[0]));
        Session session = model.open()) {
      session.init(1);
      var options = TrainerOptions.of(3, 32);
      var trainer =
          new Trainer(session, new Strokes(), Optional.empty(), options, TrainingListener.NONE);
      TrainingResult result = trainer.run();
      System.out.println(result.epochs().getLast().metrics());
      session.save(Path.of(arguments[1]));
    }
  }

  /** Sample i is a stroke at place i, upright (class 1) or lying (class 0). */
  record Strokes() implements BatchSource {
    @Override
    public List<Column> columns() {
      return List.of(
          new Column("image", ElementType.F32, List.of(1L, 32L, 32L)),
          new Column("label", ElementType.I32, List.of()));
    }

    @Override
    public long size() {
      return 320;
    }

    @Override
    public void read(long sample, long epoch, MemorySegment[] rows) {
      MemorySegment image = rows[0].fill((byte) 0);
      int upright = (int) (sample % 2);
      int place = 4 + (int) (sample / 2 % 24);
      for (int i = 6; i < 26; i++) {
        int pixel = upright == 1 ? i * 32 + place : place * 32 + i;
        image.setAtIndex(ValueLayout.JAVA_FLOAT, pixel, 1);
      }
      rows[1].set(ValueLayout.JAVA_INT, 0, upright);
    }
  }
}
