package modelc.backend.llvm;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes checks into a module's text: AddressSanitizer's, by an attribute that LLVM's pass {@code
 * asan} looks for, and of what the C compilers' UndefinedBehaviorSanitizer would look at in this
 * code. The program it is linked into brings AddressSanitizer's runtime and a function {@code void
 * modelc_undefined(int32_t is, int32_t what)}, to be told whether something is undefined.
 *
 * <p>Checked are divisors and quotients out of range (1), signed sums that may not wrap (2), and
 * the alignment that loads and stores claim (3). Shifts by too much are not: the code selects
 * another value there, which LLVM, unlike C, allows.
 */
final class Sanitizer {
  private static final Pattern DIVISION =
      Pattern.compile(" *\\S+ = (?<op>[su](?:div|rem)) (?<t>i\\d+|<[^>]*>) (?<x>.*), (?<y>%\\S+)");
  private static final Pattern SUM =
      Pattern.compile(" *\\S+ = add nsw (?<t>i\\d+) (?<x>\\S+), (?<y>\\S+)");
  private static final Pattern ACCESS =
      Pattern.compile(" *(?:\\S+ = load|store) .*ptr (?<p>[@%]\\S+), align (?<n>\\d+)");

  private final StringBuilder out = new StringBuilder();
  private int counter;

  private Sanitizer() {}

  static String instrument(String ir) {
    var s = new Sanitizer();
    ir.lines().forEach(s::line);
    s.out.append("declare void @modelc_undefined(i32, i32)\n");
    for (String type : new String[] {"i32", "i64"}) {
      s.out
          .append("declare { " + type + ", i1 } @llvm.sadd.with.overflow.")
          .append(type + "(" + type + ", " + type + ")\n");
    }
    return s.out.toString();
  }

  private void line(String line) {
    Matcher division = DIVISION.matcher(line);
    Matcher sum = SUM.matcher(line);
    Matcher access = ACCESS.matcher(line);
    if (division.matches()) {
      division(division.group("op"), division.group("t"), division.group("x"), division.group("y"));
    } else if (sum.matches()) {
      sum(sum.group("t"), sum.group("x"), sum.group("y"));
    } else if (access.matches() && !access.group("n").equals("1")) {
      String address = result("ptrtoint ptr " + access.group("p") + " to i64");
      int low = Integer.parseInt(access.group("n")) - 1;
      check(result("icmp ne i64 " + result("and i64 " + address + ", " + low) + ", 0"), 3);
    }
    boolean function = line.startsWith("define") && line.endsWith("{");
    out.append(function ? line.replaceAll("\\{$", "sanitize_address {") : line).append('\n');
  }

  private void division(String op, String type, String x, String y) {
    String zero =
        result(
            "icmp eq " + type + " " + y + ", " + (type.startsWith("i") ? "0" : "zeroinitializer"));
    if (type.startsWith("i")) {
      check(zero, 1);
    } else {
      any(zero, type, 1);
    }
    if (op.startsWith("s") && type.startsWith("i")) {
      String minimum = type.equals("i64") ? "-9223372036854775808" : "-2147483648";
      String isLeast = result("icmp eq " + type + " " + x + ", " + minimum);
      String isMinusOne = result("icmp eq " + type + " " + y + ", -1");
      check(result("and i1 " + isLeast + ", " + isMinusOne), 1);
    }
  }

  private void sum(String type, String x, String y) {
    String pair = "{ " + type + ", i1 }";
    String both =
        result(
            "call "
                + pair
                + " @llvm.sadd.with.overflow."
                + type
                + "("
                + type
                + " "
                + x
                + ", "
                + type
                + " "
                + y
                + ")");
    check(result("extractvalue " + pair + " " + both + ", 1"), 2);
  }

  /** Whether any lane is true. */
  private void any(String mask, String type, int what) {
    String lanes = type.substring(1, type.indexOf(' '));
    String bits = result("bitcast <" + lanes + " x i1> " + mask + " to i" + lanes);
    check(result("icmp ne i" + lanes + " " + bits + ", 0"), what);
  }

  private void check(String is, int what) {
    String wide = result("zext i1 " + is + " to i32");
    out.append("  call void @modelc_undefined(i32 ").append(wide).append(", i32 ").append(what);
    out.append(")\n");
  }

  private String result(String instruction) {
    String name = "%sanitizer." + counter++;
    out.append("  ").append(name).append(" = ").append(instruction).append('\n');
    return name;
  }
}
