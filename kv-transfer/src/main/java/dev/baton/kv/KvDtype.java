package dev.baton.kv;

/** Element types of KV, little-endian in memory and on the wire. */
public enum KvDtype {
  /** IEEE 754 binary32. */
  F32(4);

  private final int bytes;

  KvDtype(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one element. */
  public int bytes() {
    return bytes;
  }
}
