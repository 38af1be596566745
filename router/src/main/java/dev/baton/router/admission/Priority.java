package dev.baton.router.admission;

import java.util.Locale;

/** Classes of requests, least urgent first. */
public enum Priority {
  /** May wait. */
  LOW,
  /** Where a request says nothing. */
  NORMAL,
  /** Goes before all others. */
  HIGH;

  /** In files, metrics and messages. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** So many classes up, and no further than the highest. */
  Priority raised(long classes) {
    if (classes <= 0) {
      return this;
    }
    return switch (this) {
      case LOW -> classes == 1 ? NORMAL : HIGH;
      case NORMAL, HIGH -> HIGH;
    };
  }
}
