package dev.baton.kv.handoff;

import com.google.protobuf.ByteString;
import dev.baton.kv.BlockKey;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import java.util.HexFormat;

/**
 * What two workers must agree on before any KV goes from one to the other.
 *
 * @param layout of this worker's blocks
 * @param lineage of this worker's KV
 */
record Compatibility(Layout layout, Lineage lineage) {
  /**
   * Compares what the other side says of itself.
   *
   * @param message whose fields these are, for the refusal's detail
   * @throws HandoffException a refusal, VERSION, LINEAGE or LAYOUT, if they differ
   */
  void verify(
      String message,
      int version,
      ByteString theirLineage,
      dev.baton.proto.internal.v1.Layout theirLayout)
      throws HandoffException {
    if (version != FrameHeader.VERSION) {
      throw HandoffException.refused(
          Refusal.VERSION,
          "%s.version: %s, expected %d"
              .formatted(message, Integer.toUnsignedString(version), FrameHeader.VERSION));
    }
    if (!theirLineage.equals(ByteString.copyFrom(lineage.bytes()))) {
      throw HandoffException.refused(
          Refusal.LINEAGE,
          "%s.lineage: %s, expected %s".formatted(message, brief(theirLineage), lineage.brief()));
    }
    Layout theirs;
    try {
      theirs = Layouts.of(theirLayout);
    } catch (IllegalArgumentException e) {
      throw HandoffException.refused(Refusal.LAYOUT, message + "." + e.getMessage());
    }
    if (!theirs.equals(layout)) {
      throw HandoffException.refused(
          Refusal.LAYOUT, "%s.layout: %s, expected %s".formatted(message, theirs, layout));
    }
  }

  /** At most 16 bytes, in hexadecimal: enough to compare by eye, whatever was sent. */
  static String brief(ByteString bytes) {
    int shown = Math.min(bytes.size(), BlockKey.BYTES);
    return HexFormat.of().formatHex(bytes.substring(0, shown).toByteArray())
        + (shown < bytes.size() ? "... (" + bytes.size() + " bytes)" : "");
  }
}
