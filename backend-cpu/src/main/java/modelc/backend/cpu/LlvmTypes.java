package modelc.backend.cpu;

import modelc.ir.DType;

/**
 * How Loop IR's element types and constants are written in LLVM IR: in registers (BOOL as {@code i1}) and in memory
 * (BOOL as {@code i8}). It knows no operations.
 */
final class LlvmTypes {
  private LlvmTypes() {}

  /** The type of one lane in a register. */
  static String scalar(DType dtype) {
    return switch (dtype) {
      case F32 -> "float";
      case F64 -> "double";
      case I32 -> "i32";
      case I64 -> "i64";
      case BOOL -> "i1";
    };
  }

  /** The type of a value in registers. */
  static String value(DType dtype, int lanes) {
    return vector(scalar(dtype), lanes);
  }

  /** The type of one element in memory. */
  static String memoryScalar(DType dtype) {
    return dtype == DType.BOOL ? "i8" : scalar(dtype);
  }

  static String memory(DType dtype, int lanes) {
    return vector(memoryScalar(dtype), lanes);
  }

  static String vector(String scalar, int lanes) {
    return lanes == 1 ? scalar : "<" + lanes + " x " + scalar + ">";
  }

  /** The suffix of that type in names of intrinsics and helpers, e.g. {@code v8f32}. */
  static String suffix(String scalar, int lanes) {
    String s =
        switch (scalar) {
          case "float" -> "f32";
          case "double" -> "f64";
          default -> scalar;
        };
    return lanes == 1 ? s : "v" + lanes + s;
  }

  static String suffix(DType dtype, int lanes) {
    return suffix(scalar(dtype), lanes);
  }

  /** A scalar constant. */
  static String constant(DType dtype, double value) {
    return switch (dtype) {
      case F32 -> f32((float) value);
      case F64 -> f64(value);
      case I32 -> Integer.toString((int) value);
      case I64 -> Long.toString((long) value);
      case BOOL -> value != 0 ? "true" : "false";
    };
  }

  /** LLVM writes floats as the bits of the double of the same value. */
  static String f32(float value) {
    return f64(value);
  }

  static String f64(double value) {
    return "0x%016X".formatted(Double.doubleToRawLongBits(value));
  }

  /** A scalar constant in every lane. */
  static String splat(String scalarType, String constant, int lanes) {
    return lanes == 1 ? constant : "splat (" + scalarType + " " + constant + ")";
  }

  /** An identifier, quoted when it has characters that LLVM does not take as they are. */
  static String name(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean plain =
          c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "._$-".indexOf(c) >= 0;
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
