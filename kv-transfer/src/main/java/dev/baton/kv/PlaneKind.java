package dev.baton.kv;

/** What a plane of a block holds. */
public enum PlaneKind {
  /** Keys of one layer. */
  K(0),
  /** Values of one layer. */
  V(1);

  private final int place;

  PlaneKind(int place) {
    this.place = place;
  }

  /** Place of the plane within its layer, from 0. */
  public int place() {
    return place;
  }
}
