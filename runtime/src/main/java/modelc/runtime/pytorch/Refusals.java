package modelc.runtime.pytorch;

import java.nio.file.Path;
import modelc.runtime.DataException;
import modelc.runtime.LimitException;

/** The ways in which a file is refused, each with its code and cure. It decides nothing. */
record Refusals(Path path) {

  /** The bytes contradict themselves. */
  DataException damaged(String what) {
    return new DataException(
        "R0801",
        path + " is not a sound PyTorch file: " + what,
        "copy the file again, or save it again with torch.save");
  }

  /** It needs something to be run, or made, that is not plain data. */
  DataException forbidden(String what) {
    return new DataException(
        "R0802",
        path + " holds more than tensors and plain data: " + what,
        "nothing in it was run; save the tensors alone, torch.save(model.state_dict(), \"w.pt\")");
  }

  /** It is larger than any sensible file. */
  LimitException tooLarge(String what) {
    return new LimitException(
        "R0803",
        path + " passes a limit: " + what,
        "save the weights alone, without optimizer states or other data");
  }

  /** It is another kind of file, or has another content, than is read here. */
  DataException unknown(String what, String cure) {
    return new DataException("R0804", path + ": " + what, cure);
  }
}
