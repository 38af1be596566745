package dev.baton.kv.handoff;

import dev.baton.proto.internal.v1.RefusalReason;
import io.grpc.Status;
import java.util.Locale;
import java.util.Optional;

/** Why a push or a pull was refused. */
public enum Refusal {
  /** No reservation has this handoff id: it never had one, or it has been over for long. */
  UNKNOWN_TICKET(RefusalReason.REFUSAL_REASON_UNKNOWN_TICKET, Status.Code.NOT_FOUND),
  /** The ticket names another incarnation of the receiver. */
  EPOCH(RefusalReason.REFUSAL_REASON_EPOCH, Status.Code.FAILED_PRECONDITION),
  /** The ticket or frame is of another attempt. */
  GENERATION(RefusalReason.REFUSAL_REASON_GENERATION, Status.Code.FAILED_PRECONDITION),
  /** Sender and receiver differ in what decides KV bits. */
  LINEAGE(RefusalReason.REFUSAL_REASON_LINEAGE, Status.Code.FAILED_PRECONDITION),
  /** Sender and receiver differ in the shape of a block. */
  LAYOUT(RefusalReason.REFUSAL_REASON_LAYOUT, Status.Code.FAILED_PRECONDITION),
  /** The keys of prompt or frame are not those that were reserved for. */
  KEY(RefusalReason.REFUSAL_REASON_KEY, Status.Code.FAILED_PRECONDITION),
  /** A checksum does not match its bytes. */
  CHECKSUM(RefusalReason.REFUSAL_REASON_CHECKSUM, Status.Code.DATA_LOSS),
  /** A frame's magic, kind, block, layer or length cannot be. */
  FRAME(RefusalReason.REFUSAL_REASON_FRAME, Status.Code.INVALID_ARGUMENT),
  /** A plane came twice, or Commit counts other planes than came. */
  COUNT(RefusalReason.REFUSAL_REASON_COUNT, Status.Code.FAILED_PRECONDITION),
  /** A message cannot be read, or came out of order. */
  PROTOCOL(RefusalReason.REFUSAL_REASON_PROTOCOL, Status.Code.INVALID_ARGUMENT),
  /** The ticket was revoked, or its handoff failed. */
  REVOKED(RefusalReason.REFUSAL_REASON_REVOKED, Status.Code.FAILED_PRECONDITION),
  /** Open or frame are of a version of the protocol that the receiver does not speak. */
  VERSION(RefusalReason.REFUSAL_REASON_VERSION, Status.Code.FAILED_PRECONDITION),
  /** The ticket's deadline passed. */
  EXPIRED(RefusalReason.REFUSAL_REASON_EXPIRED, Status.Code.FAILED_PRECONDITION),
  /** The ticket was used: its handoff has arrived. */
  CONSUMED(RefusalReason.REFUSAL_REASON_CONSUMED, Status.Code.FAILED_PRECONDITION),
  /** The worker that was asked sends as many pulls as it may at a time. */
  BUSY(RefusalReason.REFUSAL_REASON_BUSY, Status.Code.RESOURCE_EXHAUSTED);

  private final RefusalReason reason;
  private final Status.Code statusCode;

  Refusal(RefusalReason reason, Status.Code statusCode) {
    this.reason = reason;
    this.statusCode = statusCode;
  }

  /** The reason as it came over the wire; empty if it is none that is known here. */
  static Optional<Refusal> of(RefusalReason reason) {
    for (Refusal refusal : values()) {
      if (refusal.reason == reason) {
        return Optional.of(refusal);
      }
    }
    return Optional.empty();
  }

  /** The reason as it goes over the wire. */
  RefusalReason toProto() {
    return reason;
  }

  /** The gRPC status code that a stream so refused ends with. */
  Status.Code statusCode() {
    return statusCode;
  }

  /** The reason as the metrics of refusals name it. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
