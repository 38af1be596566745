package dev.baton.kv.handoff;

import dev.baton.kv.transport.Connection;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Connections to each target, opened when first asked for: one, and more for handoffs of several
 * streams. Those of a target that were found broken are given up when their last user leaves:
 * receivers come back on other ports, and connections to those that do not come back must not pile
 * up. Safe for use by many threads.
 */
final class Channels implements AutoCloseable {
  private static final long CLOSE_SECONDS = 5;

  /** Opens connections. */
  interface Opener {
    /**
     * A new connection.
     *
     * @param place connections of neighbouring places have different event loops where there are
     *     several
     */
    Connection open(String target, int place);
  }

  private final Opener opener;
  private final Map<String, Shared> byTarget = new HashMap<>();
  private final List<Shared> givenUp = new ArrayList<>();
  private int targets;
  private boolean closed;

  Channels(Opener opener) {
    this.opener = opener;
  }

  /** The right to use the connections to a target; given back once. */
  final class Lease implements AutoCloseable {
    private final Shared shared;

    private Lease(Shared shared) {
      this.shared = shared;
    }

    /** The connection of all streams that open a handoff. */
    Connection connection() {
      return shared.connections.getFirst();
    }

    /**
     * The connection of streams that join one.
     *
     * @param stripe from 1; the smaller ones were asked for before
     * @throws HandoffException if this is closed
     */
    Connection connection(int stripe) throws HandoffException {
      return joining(shared, stripe);
    }

    /** The target cannot be reached this way: the next lease is of new connections. */
    void broken() {
      giveUp(shared);
    }

    @Override
    public void close() {
      leave(shared);
    }
  }

  /**
   * A connection to {@code target}, and more as they are asked for.
   *
   * @throws HandoffException if this is closed
   */
  synchronized Lease lease(String target) throws HandoffException {
    requireOpen();
    Shared shared =
        byTarget.computeIfAbsent(target, name -> new Shared(name, targets, open(name, targets++)));
    shared.users++;
    return new Lease(shared);
  }

  private synchronized Connection joining(Shared shared, int stripe) throws HandoffException {
    requireOpen();
    if (stripe == shared.connections.size()) {
      shared.connections.add(open(shared.target, shared.place + stripe));
    }
    return shared.connections.get(stripe);
  }

  private void requireOpen() throws HandoffException {
    if (closed) {
      throw HandoffException.cancelled("the sender is closed", null);
    }
  }

  /**
   * Opens a connection with the thread's interrupt put aside: what is found out meanwhile (which
   * socket answers, whether memory can be shared) holds for all who come later, and an interrupt is
   * for one of them.
   */
  private Connection open(String target, int place) {
    boolean interrupted = Thread.interrupted();
    try {
      return opener.open(target, place);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private synchronized void giveUp(Shared shared) {
    if (byTarget.remove(shared.target, shared)) {
      givenUp.add(shared);
    }
  }

  private synchronized void leave(Shared shared) {
    shared.users--;
    if (shared.users == 0 && givenUp.remove(shared)) {
      shared.connections.forEach(each -> each.channel().shutdownNow());
    }
  }

  /** Open connections, given up or not. */
  synchronized int size() {
    return Stream.concat(byTarget.values().stream(), givenUp.stream())
        .mapToInt(shared -> shared.connections.size())
        .sum();
  }

  /** Closes all connections; calls on them fail. Waits a few seconds for them to end. */
  @Override
  public void close() {
    List<Connection> open;
    synchronized (this) {
      closed = true;
      open =
          Stream.concat(byTarget.values().stream(), givenUp.stream())
              .flatMap(shared -> shared.connections.stream())
              .toList();
      byTarget.clear();
      givenUp.clear();
    }
    open.forEach(each -> each.channel().shutdownNow());
    try {
      for (Connection each : open) {
        each.channel().awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static final class Shared {
    final String target;
    final int place;
    final List<Connection> connections = new ArrayList<>();
    int users;

    Shared(String target, int place, Connection first) {
      this.target = target;
      this.place = place;
      this.connections.add(first);
    }
  }
}
