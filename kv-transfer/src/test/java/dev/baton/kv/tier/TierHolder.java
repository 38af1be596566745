package dev.baton.kv.tier;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;

/** A process that opens a tier and keeps it until it is killed, or its parent is gone. */
final class TierHolder {
  static final String READY = "holds the tier";

  private TierHolder() {}

  public static void main(String[] arguments) throws IOException {
    try (DiskTier tier = Tiers.open(Path.of(arguments[0]), 4, new SimpleMeterRegistry())) {
      System.out.println(READY);
      while (System.in.read() >= 0 && tier.blocks() == 0) {}
    }
  }
}
