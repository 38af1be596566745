package dev.baton.kv.handoff;

import dev.baton.kv.shm.SegmentName;
import dev.baton.proto.internal.v1.Ring;

/** The wire form of a {@link SegmentName}. */
final class Rings {
  private Rings() {}

  static Ring toProto(SegmentName name) {
    return Ring.newBuilder()
        .setProcess(name.process())
        .setFile(name.descriptor())
        .setBytes(name.bytes())
        .setNonceHigh(name.nonceHigh())
        .setNonceLow(name.nonceLow())
        .build();
  }

  static SegmentName of(Ring ring) {
    return new SegmentName(
        ring.getProcess(),
        ring.getFile(),
        ring.getBytes(),
        ring.getNonceHigh(),
        ring.getNonceLow());
  }
}
