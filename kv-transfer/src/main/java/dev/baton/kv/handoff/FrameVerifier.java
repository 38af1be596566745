package dev.baton.kv.handoff;

import dev.baton.kv.BlockKey;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneKind;
import java.util.BitSet;
import java.util.List;

/**
 * Decides whether a frame may be believed, by everything that can be known before its bytes are
 * written. Whether the plane came before is not asked here. Immutable.
 *
 * <p>Magic, version and length come first, because without them the rest cannot be read; then the
 * checksum, because without it the rest means nothing; then what the frame says of itself.
 */
final class FrameVerifier {
  private final Layout layout;
  private final Ticket ticket;
  private final List<BlockKey> keys;
  private final BitSet missing;

  /** A verifier of one handoff's frames; {@code missing} is not changed any more. */
  FrameVerifier(Layout layout, Ticket ticket, List<BlockKey> keys, BitSet missing) {
    this.layout = layout;
    this.ticket = ticket;
    this.keys = keys;
    this.missing = missing;
  }

  /** The place of a plane in a prompt. */
  record Place(int block, int layer, PlaneKind kind) {}

  /**
   * Where the frame's bytes belong.
   *
   * @throws HandoffException a refusal, if anything does not match
   */
  Place verify(FrameHeader header, Payload payload) throws HandoffException {
    requireReadable(header, payload.length());
    requireSum(header.crc(), header.checksum(payload));
    return placeOf(header);
  }

  /**
   * Where the bytes of a frame belong that come after this header, piece by piece; its sum is of
   * its own bytes only.
   *
   * @throws HandoffException a refusal, if anything does not match
   */
  Place verifyHead(FrameHeader header) throws HandoffException {
    requireReadable(header, layout.planeBytes());
    requireSum(header.crc(), (int) header.beginSum().getValue());
    return placeOf(header);
  }

  /**
   * Compares a frame's sum with what its bytes make.
   *
   * @throws HandoffException a refusal, if they differ
   */
  static void requireSum(int stated, int made) throws HandoffException {
    if (stated != made) {
      throw refused(
          Refusal.CHECKSUM,
          "crc32c: 0x%08x, the frame's bytes make 0x%08x".formatted(stated, made));
    }
  }

  private Place placeOf(FrameHeader header) throws HandoffException {
    requireTicket(header);
    if (header.reserved() != 0) {
      throw refused(Refusal.FRAME, "reserved byte: " + header.reserved() + ", expected 0");
    }
    PlaneKind kind =
        header
            .planeKind()
            .orElseThrow(
                () -> refused(Refusal.FRAME, "kind: " + header.kind() + ", expected 1 or 2"));
    if (header.layer() < 0 || header.layer() >= layout.layers()) {
      throw refused(
          Refusal.FRAME,
          "layer: %s, expected less than %d"
              .formatted(Integer.toUnsignedString(header.layer()), layout.layers()));
    }
    if (header.block() < 0 || !missing.get(header.block())) {
      throw refused(
          Refusal.FRAME,
          "block: %s, expected one of the %d that Accept named"
              .formatted(Integer.toUnsignedString(header.block()), missing.cardinality()));
    }
    long fingerprint = keys.get(header.block()).high();
    if (header.fingerprint() != fingerprint) {
      throw refused(
          Refusal.KEY,
          "fingerprint of block %d: %016x, expected %016x"
              .formatted(header.block(), header.fingerprint(), fingerprint));
    }
    return new Place(header.block(), header.layer(), kind);
  }

  private void requireReadable(FrameHeader header, int payloadBytes) throws HandoffException {
    if (header.magic() != FrameHeader.MAGIC) {
      throw refused(
          Refusal.FRAME,
          "magic: 0x%08x, expected 0x%08x".formatted(header.magic(), FrameHeader.MAGIC));
    }
    if (header.version() != FrameHeader.VERSION) {
      throw refused(
          Refusal.VERSION,
          "version: %d, expected %d".formatted(header.version(), FrameHeader.VERSION));
    }
    if (header.length() != layout.planeBytes() || payloadBytes != layout.planeBytes()) {
      throw refused(
          Refusal.FRAME,
          "length: %s, with %d bytes behind the header, expected %d"
              .formatted(
                  Integer.toUnsignedString(header.length()), payloadBytes, layout.planeBytes()));
    }
  }

  private void requireTicket(FrameHeader header) throws HandoffException {
    if (header.handoffId() != ticket.handoffId()) {
      throw refused(
          Refusal.UNKNOWN_TICKET,
          "handoff id: %016x, expected %016x".formatted(header.handoffId(), ticket.handoffId()));
    }
    if (header.generation() != ticket.generation()) {
      throw refused(
          Refusal.GENERATION,
          "generation: %s, expected %s"
              .formatted(
                  Integer.toUnsignedString(header.generation()),
                  Integer.toUnsignedString(ticket.generation())));
    }
  }

  private static HandoffException refused(Refusal refusal, String detail) {
    return HandoffException.refused(refusal, "frame." + detail);
  }
}
