package dev.baton.harness.load;

import java.util.OptionalDouble;

/**
 * What a server says of all its workers that serve the model, used or not.
 *
 * @param dollarsPerHour price of their chips; empty where it says none
 * @param joules energy that they took so far, idle time included, to within their last second;
 *     empty where it says none
 */
public record FleetFacts(OptionalDouble dollarsPerHour, OptionalDouble joules) {
  /** Of a server that says nothing. */
  public static final FleetFacts UNKNOWN =
      new FleetFacts(OptionalDouble.empty(), OptionalDouble.empty());
}
