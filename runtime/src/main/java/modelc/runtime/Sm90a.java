package modelc.runtime;

import java.util.Map;

/**
 * Whether kernels that only devices of capability 9.0 can run are taken where there are some: the
 * environment may say so, to compare them with those for all devices.
 */
public final class Sm90a {
  /** The variable: on or off. */
  public static final String VARIABLE = "MODELC_SM90A";

  private Sm90a() {}

  /**
   * What the environment says.
   *
   * @param otherwise if it says nothing
   * @throws UsageException if it says something else
   */
  public static boolean wanted(Map<String, String> environment, boolean otherwise) {
    return switch (environment.getOrDefault(VARIABLE, "")) {
      case "" -> otherwise;
      case "on" -> true;
      case "off" -> false;
      case String other ->
          throw new UsageException(
              "R0911", VARIABLE + " is " + other, "set it to on or off, or not at all");
    };
  }
}
