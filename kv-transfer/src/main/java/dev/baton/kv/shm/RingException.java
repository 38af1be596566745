package dev.baton.kv.shm;

/** The other side of a ring did what it may not: nothing more that stands in it is believed. */
public final class RingException extends Exception {
  private static final long serialVersionUID = 1;

  RingException(String message) {
    super(message);
  }
}
