package dev.baton.router.index;

/** Where a worker has a block. */
public enum Tier {
  /** In its block pool: usable at once. */
  MEMORY(Lanes.MEMORY),
  /** On its disk: usable after it was read back. */
  DISK(Lanes.DISK);

  private final int bit;

  Tier(int bit) {
    this.bit = bit;
  }

  int bit() {
    return bit;
  }
}
