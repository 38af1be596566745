package dev.baton.router.admission;

import dev.baton.cluster.error.BatonException;

/**
 * A request that asks to be let in. Hears at most one of both, once, with no lock held; neither
 * after it left.
 */
public interface Applicant {
  /** It may start: its entry has to be ended, whatever happens. */
  void start(Entry entry);

  /** It waited in vain. */
  void refused(BatonException why);
}
