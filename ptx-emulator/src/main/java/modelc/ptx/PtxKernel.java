package modelc.ptx;

import java.util.List;

/** A kernel of a module, ready to be launched. */
public final class PtxKernel {
  private final PtxModule module;
  private final Program program;
  private final Names names;

  PtxKernel(PtxModule module, Program program, Names names) {
    this.module = module;
    this.program = program;
    this.names = names;
  }

  public String name() {
    return program.name();
  }

  public PtxModule module() {
    return module;
  }

  /** The names of its parameters. */
  public List<String> parameters() {
    return program.parameters().stream().map(Program.Parameter::name).toList();
  }

  Program program() {
    return program;
  }

  Names names() {
    return names;
  }

  @Override
  public String toString() {
    return "kernel " + name();
  }
}
