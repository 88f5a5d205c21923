package modelc.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import modelc.ptx.syntax.Type;

/**
 * Hand-written PTX for tests. Where the environment names an assembler, as {@code MODELC_PTXAS}, it
 * has to accept all of it.
 */
final class Ptx {
  private static final String PTXAS = System.getenv("MODELC_PTXAS");

  private Ptx() {}

  /** A module of one kernel {@code k}, with a body that ends with ret. */
  static String kernel(String parameters, String body) {
    return module(".visible .entry k(" + parameters + ")\n{\n" + body.indent(4) + "    ret;\n}\n");
  }

  static String module(String text) {
    return module("sm_90", text);
  }

  static String module(String target, String text) {
    return ".version 8.0\n.target " + target + "\n.address_size 64\n" + text;
  }

  static PtxModule parse(String text) {
    if (PTXAS != null) {
      assemble(text);
    }
    return PtxModule.parse(text);
  }

  private static void assemble(String text) {
    try {
      Path file = Files.createTempFile("modelc", ".ptx");
      Files.writeString(file, text);
      String arch = text.contains(".target sm_90a") ? "sm_90a" : "sm_90";
      Process p =
          new ProcessBuilder(PTXAS, "-arch=" + arch, "-o", "/dev/null", file.toString())
              .redirectErrorStream(true)
              .start();
      String said = new String(p.getInputStream().readAllBytes());
      assertThat(p.waitFor()).as(said + text).isZero();
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Runs a kernel of one block. */
  static LaunchReport run(String text, DeviceMemory memory, int threads, Object... arguments) {
    return new Emulator(memory)
        .launch(parse(text).kernel("k"), Dim3.of(1), Dim3.of(threads), 0, arguments);
  }

  /** The fault of a kernel of one block. */
  static PtxFault fault(String text, DeviceMemory memory, int threads, Object... arguments) {
    return catchThrowableOfType(PtxFault.class, () -> run(text, memory, threads, arguments));
  }

  /** The fault of parsing. */
  static PtxFault invalid(String body) {
    return catchThrowableOfType(PtxFault.class, () -> PtxModule.parse(kernel("", body)));
  }

  /**
   * Executes instructions in one thread for each row of inputs. They read the registers {@code a},
   * {@code b} ... and write {@code d}.
   *
   * @param types of d, a, b ..., such as "f32 f32 f32"
   * @return d's bits
   */
  static long[] lanes(String types, String instructions, long[]... inputs) {
    String[] t = types.split(" ");
    var body = new StringBuilder();
    body.append(
        """
        .reg .b32 %thread;
        .reg .b64 %at, %p, %pd;
        .reg .pred p, q;
        mov.u32 %thread, %tid.x;
        mul.wide.u32 %at, %thread, 8;
        """);
    var names = new ArrayList<String>();
    for (int k = 0; k < t.length; k++) {
      String name = k == 0 ? "d" : String.valueOf((char) ('a' + k - 1));
      names.add(name);
      body.append(".reg .").append(t[k]).append(' ').append(name).append(";\n");
      if (k > 0) {
        body.append(
            """
            ld.param.u64 %%p, [p%d];
            add.u64 %%p, %%p, %%at;
            ld.global.b%d %s, [%%p];
            """
                .formatted(k, Type.named(t[k]).bits(), name));
      }
    }
    body.append(instructions).append('\n');
    body.append(
        """
        ld.param.u64 %pd, [p0];
        add.u64 %pd, %pd, %at;
        """);
    body.append("st.global.b").append(Type.named(t[0]).bits()).append(" [%pd], d;\n");
    var parameters = new ArrayList<String>();
    for (int k = 0; k < t.length; k++) {
      parameters.add(".param .u64 p" + k);
    }
    var memory = new DeviceMemory();
    int n = inputs.length == 0 ? 32 : inputs[0].length;
    DeviceBuffer out = memory.allocate("out", 8 * n);
    out.fill((byte) 0);
    List<Object> arguments = new ArrayList<>(List.of(out));
    for (int k = 0; k < inputs.length; k++) {
      DeviceBuffer in = memory.allocate(names.get(k + 1), 8 * n);
      in.write(inputs[k]);
      arguments.add(in);
    }
    run(kernel(String.join(", ", parameters), body.toString()), memory, n, arguments.toArray());
    return out.toLongs();
  }

  /** The bits of float32 values. */
  static long[] f32(float... values) {
    var bits = new long[values.length];
    for (int i = 0; i < values.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]) & 0xffff_ffffL;
    }
    return bits;
  }

  /** The float32 values of bits. */
  static float[] floats(long... bits) {
    var values = new float[bits.length];
    for (int i = 0; i < bits.length; i++) {
      values[i] = Float.intBitsToFloat((int) bits[i]);
    }
    return values;
  }

  /** The bits of float64 values. */
  static long[] f64(double... values) {
    var bits = new long[values.length];
    for (int i = 0; i < values.length; i++) {
      bits[i] = Double.doubleToRawLongBits(values[i]);
    }
    return bits;
  }

  /** Values of 32 bits. */
  static long[] u32(long... values) {
    return java.util.Arrays.stream(values).map(v -> v & 0xffff_ffffL).toArray();
  }
}
