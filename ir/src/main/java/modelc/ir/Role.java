package modelc.ir;

/** Which part of the step a value belongs to. */
public enum Role {
  FORWARD,
  BACKWARD,
  UPDATE
}
