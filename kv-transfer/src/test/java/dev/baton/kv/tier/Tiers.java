package dev.baton.kv.tier;

import dev.baton.kv.BlockKey;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Random;

/**
 * What the tests of this package have in common: a tiny layout and blocks whose key says it all.
 */
final class Tiers {
  static final Layout LAYOUT =
      new Layout(1, 1, 2, KvDtype.F32, 2, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
  static final Lineage LINEAGE = new Lineage("a1".repeat(32));
  static final long FILE_BYTES = BlockFile.HEADER_BYTES + LAYOUT.blockBytes();

  private Tiers() {}

  static BlockKey key(int i) {
    return new BlockKey(i, ~i);
  }

  /** What the block of this key holds. */
  static byte[] content(int i) {
    byte[] bytes = new byte[LAYOUT.blockBytes()];
    new Random(i).nextBytes(bytes);
    return bytes;
  }

  static DiskTier open(Path directory, long files, MeterRegistry meters) {
    return DiskTier.open(config(directory, files), LINEAGE, LAYOUT, meters);
  }

  static DiskTierConfig config(Path directory, long files) {
    return new DiskTierConfig(directory, files * FILE_BYTES, DiskTierConfig.ALWAYS);
  }

  static Path file(Path directory, int i) {
    return directory.resolve(key(i) + ".kv");
  }

  static void write(DiskTier tier, int i) {
    tier.write(key(i), MemorySegment.ofBuffer(direct(content(i))));
  }

  /** Memory for one block. */
  static MemorySegment memory() {
    return MemorySegment.ofBuffer(direct(new byte[LAYOUT.blockBytes()]));
  }

  private static java.nio.ByteBuffer direct(byte[] bytes) {
    return java.nio.ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }

  static double misses(MeterRegistry meters, TierMiss reason) {
    return meters
        .get("baton.disk.tier.misses")
        .tag("reason", reason.name().toLowerCase(java.util.Locale.ROOT))
        .counter()
        .count();
  }
}
