package dev.baton.cluster.work;

import java.util.OptionalDouble;

/** A sum of energies in joules; empty while nobody told one. Not safe for use by many threads. */
public final class EnergySum {
  private double joules;
  private boolean told;

  /** Adds what was told, if something was. */
  public void add(OptionalDouble more) {
    more.ifPresent(each -> {
      joules += each;
      told = true;
    });
  }

  /** The sum. */
  public OptionalDouble value() {
    return told ? OptionalDouble.of(joules) : OptionalDouble.empty();
  }
}
