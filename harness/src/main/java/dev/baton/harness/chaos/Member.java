package dev.baton.harness.chaos;

import java.util.Locale;

/**
 * One part of a cluster under chaos, by role and place: it stays the same when its process is
 * another one.
 *
 * @param role what it is
 * @param index from 0 among those of its role
 */
public record Member(Role role, int index) {
  /** What a part of a cluster may be. */
  public enum Role {
    /** Takes requests. */
    ROUTER,
    /** Reads prompts. */
    PREFILL,
    /** Writes answers. */
    DECODE,
    /** Knows who is there. */
    ZOOKEEPER
  }

  /** Its name for people: {@code decode-2}. */
  @Override
  public String toString() {
    return role.name().toLowerCase(Locale.ROOT) + "-" + (index + 1);
  }
}
