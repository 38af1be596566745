package dev.baton.kv.shm;

/** The other side of a ring did what it may not: nothing more that stands in it is believed. */
public final class RingException extends Exception {
  private static final long serialVersionUID = 1;

  private final String detail;

  RingException(String detail) {
    super(detail);
    this.detail = detail;
  }

  /** What was found, and what was expected. */
  public String detail() {
    return detail;
  }
}
