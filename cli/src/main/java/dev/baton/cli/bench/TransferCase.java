package dev.baton.cli.bench;

import dev.baton.kv.transport.KvWire;

/** One way to move the bytes of blocks from one process to another. */
enum TransferCase {
  /** The product's own handoff over TCP. */
  GRPC_TCP("grpc_tcp", true, KvWire.TCP),
  /** A plain Java socket over TCP: what the handoff over TCP is compared with. */
  SOCKET_TCP("socket_tcp", false, KvWire.TCP),
  /** The product's own handoff over a Unix socket. */
  GRPC_UNIX("grpc_uds", true, KvWire.UNIX),
  /** A plain Java socket over a Unix socket. */
  SOCKET_UNIX("socket_uds", false, KvWire.UNIX),
  /** The product's own handoff through shared memory: what is compared with a memory copy. */
  SHM("shm", true, KvWire.SHM);

  private final String label;
  private final boolean handoff;
  private final KvWire wire;

  TransferCase(String label, boolean handoff, KvWire wire) {
    this.label = label;
    this.handoff = handoff;
    this.wire = wire;
  }

  /** Its name in the report. */
  String label() {
    return label;
  }

  /** Whether the product moves the bytes, or a plain socket. */
  boolean isHandoff() {
    return handoff;
  }

  /** What planes travel by. */
  KvWire wire() {
    return wire;
  }
}
