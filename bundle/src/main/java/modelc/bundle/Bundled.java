package modelc.bundle;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import modelc.runtime.Artifact;
import modelc.runtime.ContentCache;
import modelc.runtime.Model;
import modelc.runtime.UsageException;
import modelc.runtime.cuda.CudaDevice;

/**
 * A model in a bundle: {@code PLACE.so} and {@code PLACE.json}.
 *
 * @param place of its files, without their endings
 */
record Bundled(Path place) {
  String name() {
    return String.valueOf(place.getFileName());
  }

  Artifact artifact() {
    return Artifact.open(place.resolveSibling(name() + ".so"));
  }

  /** Where numbers to check it by are, if there are any. */
  Path numbers() {
    return place.resolveSibling(name() + ".numbers.safetensors");
  }

  /**
   * The recipe.
   *
   * @param folder where relative paths of the data start
   */
  Settings settings(Path folder) {
    return Settings.read(place.resolveSibling(name() + ".json"), folder.toAbsolutePath());
  }

  /** The GPU that is called {@code device}; empty for the CPU. */
  static Optional<CudaDevice> device(String device) {
    OptionalInt ordinal = CudaDevice.ordinal(device);
    if (ordinal.isPresent()) {
      var environment = System.getenv();
      return Optional.of(
          CudaDevice.open(
              ordinal.getAsInt(), ContentCache.ofEnvironment(environment), environment));
    }
    if (device.equals("cpu")) {
      return Optional.empty();
    }
    throw new UsageException(
        "C0125", "there is no device " + device, "pass --device cpu or --device cuda");
  }

  Model load(String device) {
    Artifact artifact = artifact();
    return device(device).map(artifact::load).orElseGet(artifact::load);
  }
}
