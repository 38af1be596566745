package dev.baton.router.workers;

/**
 * Which part of the prefixes that a worker might fetch from another one it does fetch: a mean that
 * forgets, over about the last {@value #REMEMBERED} times. 1 at first. Safe for use by many
 * threads.
 */
final class FetchShare {
  private static final int REMEMBERED = 8;

  private volatile double value = 1;

  /** It might have fetched so many tokens, and fetched these; nothing is learnt from none. */
  synchronized void saw(int might, int fetched) {
    if (might > 0) {
      value += (Math.clamp((double) fetched / might, 0, 1) - value) / REMEMBERED;
    }
  }

  /** From 0 to 1. */
  double value() {
    return value;
  }
}
