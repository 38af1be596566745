package dev.baton.router.generation;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.v1.Accepted;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.Finished;
import dev.baton.proto.v1.Usage;

/**
 * Hears of one request. Calls come one at a time: at most one {@link #accepted}, then for every
 * choice any number of {@link #delta} and one {@link #finished}, choices interleaved; and exactly
 * one of {@link #completed} and {@link #failed}, last. {@code failed} may come at any time.
 *
 * <p>Calls come on threads of the workers' connections, with no lock held. They must not block: a
 * listener with a slow client queues what it hears, which is never more than the answer itself.
 */
public interface GenerationListener {
  /** The request is understood and placed. */
  void accepted(Accepted accepted);

  /** More of one choice. */
  void delta(Delta delta);

  /** A choice ended. */
  void finished(Finished finished);

  /** Everything ended well. */
  void completed(Usage usage);

  /** The request is over, unfinished; everything it held is given back. */
  void failed(BatonException why);
}
