package modelc.ptx;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import modelc.ptx.syntax.Function;
import modelc.ptx.syntax.Parser;
import modelc.ptx.syntax.SyntaxException;
import modelc.ptx.syntax.Translation;

/** A PTX module: its kernels, and its variables with their values. */
public final class PtxModule {
  private final Translation translation;
  private final Variables variables;
  private final Map<String, PtxKernel> kernels = new LinkedHashMap<>();

  private PtxModule(Translation translation) {
    this.translation = translation;
    variables = new Variables(translation.variables());
    int granule = Granule.of(translation);
    for (Function f : translation.functions()) {
      if (f.entry() && f.body() != null) {
        var decoder = new Decoder(translation, variables, granule);
        Program program = decoder.kernel(f);
        kernels.put(f.name(), new PtxKernel(this, program, decoder.names()));
      }
    }
  }

  /**
   * Parses and decodes a module.
   *
   * @throws PtxFault where the text is no PTX, or has an instruction that is not emulated
   */
  public static PtxModule parse(String ptx) {
    try {
      return new PtxModule(Parser.parse(ptx));
    } catch (SyntaxException e) {
      throw new PtxFault(
          PtxFault.Kind.SYNTAX, "PTX line " + e.line() + ": " + e.getMessage(), e.line(), null, 0);
    }
  }

  /** The kernels, in the order of the text. */
  public List<PtxKernel> kernels() {
    return List.copyOf(kernels.values());
  }

  /**
   * The kernel of this name.
   *
   * @throws NoSuchElementException where there is none
   */
  public PtxKernel kernel(String name) {
    PtxKernel k = kernels.get(name);
    if (k == null) {
      throw new NoSuchElementException("no kernel " + name + ", only " + kernels.keySet());
    }
    return k;
  }

  /**
   * A global or constant variable.
   *
   * @throws NoSuchElementException where there is none
   */
  public DeviceBuffer variable(String name) {
    DeviceBuffer b = variables.named(name);
    if (b == null) {
      throw new NoSuchElementException("no variable " + name);
    }
    return b;
  }

  /** The processor that it was written for, such as {@code sm_80}. */
  public String target() {
    return translation.target();
  }

  Variables variables() {
    return variables;
  }
}
