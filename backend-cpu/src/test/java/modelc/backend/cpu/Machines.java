package modelc.backend.cpu;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import modelc.passes.Hardware;
import modelc.passes.Target;

/** The machines whose code tests run here: this one, and common ones with fewer instructions. */
final class Machines {
  private Machines() {}

  /** This machine, and beside it the common one with AVX2 where this has more. */
  static List<Machine> both() {
    Machine host = Machine.host();
    return host.target().equals(Target.AVX2)
        ? List.of(host)
        : List.of(host, Machine.named("x86-64-v3"));
  }

  /** The common machine of this kind; where this one cannot run its code, skips the test. */
  static Machine of(Hardware hardware) {
    Machine machine =
        Machine.LEVELS.stream()
            .map(Machine::named)
            .filter(m -> m.target().equals(hardware))
            .findFirst()
            .orElseThrow();
    assumeTrue(
        Machine.host().required().containsAll(machine.required()),
        () -> "this processor cannot run code for " + machine.cpu());
    return machine;
  }
}
