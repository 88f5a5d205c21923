import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import modelc.runtime.Call;
import modelc.runtime.Model;
import modelc.runtime.Session;
import modelc.runtime.Tensor;

/**
 * Classifies one picture with a compiled LeNet. Only the runtime is on the class path: no compiler.
 *
 * <pre>
 * ./modelc compile examples/lenet.model -o lenet.so
 * java --enable-native-access=ALL-UNNAMED -cp RUNTIME.jar examples/embedding/Infer.java lenet.so weights.safetensors
 * </pre>
 */
class Infer {
  public static void main(String[] arguments) {
    float[] pixels = new float[32 * 32]; // a vertical stroke: a one
    for (int y = 6; y < 26; y++) {
      pixels[y * 32 + 15] = 1;
      pixels[y * 32 + 16] = 1;
    }
    try (Model model = Model.load(Path.of(arguments[0]));
        Session session = model.open(1)) {
      session.load(Path.of(arguments[1]));
      Call infer = session.call("infer").size("batch", 1);
      infer.set("image", Tensor.ofFloats(List.of(1L, 1L, 32L, 32L), pixels));
      infer.run();
      System.out.println(Arrays.toString(infer.output("logits").floats()));
    }
  }
}
