import lenet5.LeNet5;
import modelc.runtime.Call;
import modelc.runtime.Model;
import modelc.runtime.Session;
import modelc.runtime.Tensor;

/**
 * Classifies an empty picture with a LeNet that is a jar beside the runtime: no file to find, no
 * compiler.
 *
 * <pre>
 * ./modelc compile examples/lenet.model -o lenet.jar
 * java --enable-native-access=ALL-UNNAMED -cp RUNTIME.jar:lenet.jar examples/embedding/Classify.java
 * </pre>
 */
class Classify {
  public static void main(String[] arguments) {
    try (Model model = LeNet5.load();
        Session session = model.open(1)) {
      session.init(1);
      Call infer = session.call("infer").size("batch", 1);
      infer.input(LeNet5.IMAGE).data().fill((byte) 0);
      infer.run();
      Tensor logits = infer.output(LeNet5.LOGITS);
      System.out.println(logits + " " + logits.floats().length + " of " + LeNet5.MAX_BATCH);
    }
  }
}
