package modelc.backend.llvm;

import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import modelc.ir.DType;

/**
 * How Loop IR's element types and constants are written in LLVM IR: in registers (BOOL as {@code
 * i1}) and in memory (BOOL as {@code i8}). It knows no operations.
 */
public final class LlvmTypes {
  private LlvmTypes() {}

  /** The type of one lane in a register. */
  public static String scalar(DType dtype) {
    return switch (dtype) {
      case F32 -> "float";
      case F64 -> "double";
      case I32 -> "i32";
      case I64 -> "i64";
      case BOOL -> "i1";
    };
  }

  /** The type of a value in registers. */
  public static String value(DType dtype, int lanes) {
    return vector(scalar(dtype), lanes);
  }

  /** The type of one element in memory. */
  public static String memoryScalar(DType dtype) {
    return dtype == DType.BOOL ? "i8" : scalar(dtype);
  }

  public static String memory(DType dtype, int lanes) {
    return vector(memoryScalar(dtype), lanes);
  }

  public static String vector(String scalar, int lanes) {
    return lanes == 1 ? scalar : "<" + lanes + " x " + scalar + ">";
  }

  /** The suffix of that type in names of intrinsics and helpers, e.g. {@code v8f32}. */
  public static String suffix(String scalar, int lanes) {
    String s =
        switch (scalar) {
          case "float" -> "f32";
          case "double" -> "f64";
          default -> scalar;
        };
    return lanes == 1 ? s : "v" + lanes + s;
  }

  public static String suffix(DType dtype, int lanes) {
    return suffix(scalar(dtype), lanes);
  }

  /** A scalar constant. */
  public static String constant(DType dtype, double value) {
    return switch (dtype) {
      case F32 -> f32((float) value);
      case F64 -> f64(value);
      case I32 -> Integer.toString((int) value);
      case I64 -> Long.toString((long) value);
      case BOOL -> value != 0 ? "true" : "false";
    };
  }

  /** LLVM writes floats as the bits of the double of the same value. */
  public static String f32(float value) {
    return f64(value);
  }

  public static String f64(double value) {
    return "0x%016X".formatted(Double.doubleToRawLongBits(value));
  }

  /** A scalar constant in every lane. */
  public static String splat(String scalarType, String constant, int lanes) {
    return lanes == 1 ? constant : "splat (" + scalarType + " " + constant + ")";
  }

  /** A mask that is true in the first {@code count} lanes. */
  public static String prefixMask(int count, int lanes) {
    if (lanes == 1) {
      return Boolean.toString(count > 0);
    }
    return IntStream.range(0, lanes)
        .mapToObj(i -> "i1 " + (i < count))
        .collect(Collectors.joining(", ", "<", ">"));
  }

  /** How many lanes are true, when {@code mask} was made by {@link #prefixMask}. */
  public static OptionalInt prefixOf(String mask, int lanes) {
    return IntStream.range(0, lanes)
        .filter(count -> prefixMask(count, lanes).equals(mask))
        .findFirst();
  }

  /** The lanes of a shuffle that takes {@code count} neighbours. */
  public static String laneRange(int first, int count) {
    return IntStream.range(first, first + count)
        .mapToObj(i -> "i32 " + i)
        .collect(Collectors.joining(", ", "<" + count + " x i32> <", ">"));
  }

  /** An identifier, quoted when it has characters that LLVM does not take as they are. */
  public static String name(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean plain =
          c >= 'a' && c <= 'z'
              || c >= 'A' && c <= 'Z'
              || c >= '0' && c <= '9'
              || "._$-".indexOf(c) >= 0;
      if (!plain) {
        return quoted(text);
      }
    }
    return text;
  }

  private static String quoted(String text) {
    var out = new StringBuilder("\"");
    for (byte b : text.getBytes(java.nio.charset.StandardCharsets.UTF_8)) {
      if (b < 0x20 || b >= 0x7f || b == '"' || b == '\\') {
        out.append("\\%02X".formatted(b & 0xff));
      } else {
        out.append((char) b);
      }
    }
    return out.append('"').toString();
  }
}
