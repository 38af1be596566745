package dev.baton.cluster.drain;

import java.time.Duration;

/** The move of a draining member's blocks. For one thread. */
public interface Evacuation extends AutoCloseable {
  /** Of a member that has nobody to move blocks to, or no blocks. */
  Evacuation NONE =
      new Evacuation() {
        @Override
        public boolean hasPeers() {
          return false;
        }

        @Override
        public void round(Duration limit, Runnable moved) {
          // There is nobody who would take them.
        }

        @Override
        public int toMove() {
          return 0;
        }

        @Override
        public int moved() {
          return 0;
        }

        @Override
        public void close() {
          // It holds nothing.
        }
      };

  /** Whether somebody of the same role goes on. */
  boolean hasPeers();

  /**
   * Moves what is cached now and was not offered yet. Blocking, no longer than the limit.
   *
   * @param moved called now and again, as blocks have moved
   */
  void round(Duration limit, Runnable moved);

  /** Blocks that are meant to be at peers, so far as is known. */
  int toMove();

  /** Blocks of these that a peer has. */
  int moved();

  /** Leaves the peers. */
  @Override
  void close();
}
