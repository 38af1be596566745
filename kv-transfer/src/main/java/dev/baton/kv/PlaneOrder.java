package dev.baton.kv;

/** Orders of elements within a plane, outermost first. */
public enum PlaneOrder {
  /**
   * K planes are {@code [kv head][dimension][token]}, V planes {@code [kv head][token][dimension]}:
   * attention runs its vector lanes across tokens for scores and across dimensions for the output,
   * so that no reduction ever crosses lanes and the result does not depend on the vector width.
   */
  K_BY_DIMENSION_V_BY_TOKEN
}
