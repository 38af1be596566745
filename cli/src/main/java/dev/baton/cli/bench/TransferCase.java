package dev.baton.cli.bench;

/** One way to move the bytes of blocks from one process to another. */
enum TransferCase {
  /** The product's own handoff over TCP. */
  GRPC_TCP("grpc_tcp", true, false),
  /** A plain Java socket over TCP: what the handoff over TCP is compared with. */
  SOCKET_TCP("socket_tcp", false, false),
  /** The product's own handoff over a Unix socket. */
  GRPC_UNIX("grpc_uds", true, true),
  /** A plain Java socket over a Unix socket. */
  SOCKET_UNIX("socket_uds", false, true);

  private final String label;
  private final boolean handoff;
  private final boolean unix;

  TransferCase(String label, boolean handoff, boolean unix) {
    this.label = label;
    this.handoff = handoff;
    this.unix = unix;
  }

  /** Its name in the report. */
  String label() {
    return label;
  }

  /** Whether the product moves the bytes, or a plain socket. */
  boolean isHandoff() {
    return handoff;
  }

  /** Whether over a Unix socket. */
  boolean isUnix() {
    return unix;
  }
}
