package dev.baton.kv.handoff;

import dev.baton.kv.transport.Connection;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * One connection to each target, opened when first asked for. One that was found broken is given up
 * when its last user leaves: receivers come back on other ports, and connections to those that do
 * not come back must not pile up. Safe for use by many threads.
 */
final class Channels implements AutoCloseable {
  private static final long CLOSE_SECONDS = 5;

  private final Function<String, Connection> factory;
  private final Map<String, Shared> byTarget = new HashMap<>();
  private final List<Shared> givenUp = new ArrayList<>();
  private boolean closed;

  Channels(Function<String, Connection> factory) {
    this.factory = factory;
  }

  /** The right to use a connection; given back once. */
  final class Lease implements AutoCloseable {
    private final Shared shared;

    private Lease(Shared shared) {
      this.shared = shared;
    }

    Connection connection() {
      return shared.connection;
    }

    /** The target cannot be reached this way: the next lease is of a new connection. */
    void broken() {
      giveUp(shared);
    }

    @Override
    public void close() {
      leave(shared);
    }
  }

  /**
   * A connection to {@code target}.
   *
   * @throws HandoffException if this is closed
   */
  synchronized Lease lease(String target) throws HandoffException {
    if (closed) {
      throw HandoffException.cancelled("the sender is closed", null);
    }
    Shared shared = byTarget.computeIfAbsent(target, name -> new Shared(name, open(name)));
    shared.users++;
    return new Lease(shared);
  }

  /**
   * Opens a connection with the thread's interrupt put aside: what is found out meanwhile (which
   * socket answers, whether memory can be shared) holds for all who come later, and an interrupt is
   * for one of them.
   */
  private Connection open(String target) {
    boolean interrupted = Thread.interrupted();
    try {
      return factory.apply(target);
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
      shared.connection.channel().shutdownNow();
    }
  }

  /** Open connections, given up or not. */
  synchronized int size() {
    return byTarget.size() + givenUp.size();
  }

  /** Closes all connections; calls on them fail. Waits a few seconds for them to end. */
  @Override
  public void close() {
    List<Shared> open;
    synchronized (this) {
      closed = true;
      open = new ArrayList<>(byTarget.values());
      open.addAll(givenUp);
      byTarget.clear();
      givenUp.clear();
    }
    open.forEach(shared -> shared.connection.channel().shutdownNow());
    try {
      for (Shared shared : open) {
        shared.connection.channel().awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static final class Shared {
    final String target;
    final Connection connection;
    int users;

    Shared(String target, Connection connection) {
      this.target = target;
      this.connection = connection;
    }
  }
}
