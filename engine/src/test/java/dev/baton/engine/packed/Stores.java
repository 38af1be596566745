package dev.baton.engine.packed;

import java.nio.file.Path;

/** Stores for tests, whose models are small. */
public final class Stores {
  private Stores() {}

  /** A store that keeps packed weights of any size. */
  public static WeightStore ofAll(Path directory) {
    return WeightStore.in(directory, 0);
  }
}
