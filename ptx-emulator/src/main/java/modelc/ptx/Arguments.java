package modelc.ptx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Lays a launch's arguments out as the kernel's parameters. */
final class Arguments {
  private Arguments() {}

  static byte[] pack(Program program, Object[] arguments) {
    if (arguments.length != program.parameters().size()) {
      throw new IllegalArgumentException(
          "kernel "
              + program.name()
              + " has "
              + program.parameters().size()
              + " parameters, not "
              + arguments.length);
    }
    ByteBuffer out = ByteBuffer.allocate(program.parameterBytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < arguments.length; i++) {
      Program.Parameter p = program.parameters().get(i);
      byte[] value = bytes(arguments[i], p);
      if (value.length != p.bytes()) {
        throw new IllegalArgumentException(
            "parameter " + p.name() + " has " + p.bytes() + " bytes, its argument " + value.length);
      }
      out.put(p.offset(), value);
    }
    return out.array();
  }

  private static byte[] bytes(Object argument, Program.Parameter p) {
    ByteBuffer b = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    switch (argument) {
      case DeviceBuffer buffer -> b.putLong(buffer.address());
      case Long x -> b.putLong(x);
      case Double x -> b.putDouble(x);
      case Integer x -> b.putInt(x);
      case Float x -> b.putFloat(x);
      case Short x -> b.putShort(x);
      case Byte x -> b.put(x);
      case byte[] x -> {
        return x;
      }
      default ->
          throw new IllegalArgumentException(
              "parameter " + p.name() + " cannot be a " + argument.getClass().getSimpleName());
    }
    byte[] all = b.array();
    return java.util.Arrays.copyOf(all, b.position());
  }
}
