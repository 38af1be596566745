package dev.baton.kv.handoff;

import dev.baton.kv.transport.Connection;
import io.grpc.Context;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Connections to each target, opened when first asked for: one, and more for handoffs of several
 * streams. Those of a target that were found broken are given up when their last user leaves:
 * receivers come back on other ports, and connections to those that do not come back must not pile
 * up. Safe for use by many threads.
 *
 * <p>Each is opened on a thread of its own, which nobody interrupts: what is found out meanwhile
 * (which socket answers, what a name means, whether memory can be shared) holds for all who come
 * later. Whoever needs it waits for that, as long as it likes; who needs another target does not.
 */
final class Channels implements AutoCloseable {
  private static final long CLOSE_SECONDS = 5;

  /** Opens connections. */
  interface Opener {
    /**
     * A new connection. May block.
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

    /**
     * A connection: 0 is that of all streams that open a handoff, from 1 on those of streams that
     * join one; the smaller ones were asked for before. Blocks until it is open; ends early when
     * the current {@link Context} is cancelled or its deadline passes, or when the thread is
     * interrupted (which stays set).
     *
     * @param limit the longest to wait
     * @throws HandoffException if it cannot be opened, or not within the limit, or this is closed
     */
    Connection connection(int stripe, Duration limit) throws HandoffException {
      return await(opening(shared, stripe), shared.target, limit);
    }

    /**
     * The connection of all streams that open a handoff, told at once if it is open, else by
     * another thread. Does not block.
     *
     * @param then called once, with a connection or with why there is none
     */
    void whenOpen(BiConsumer<@Nullable Connection, @Nullable Throwable> then)
        throws HandoffException {
      var _ = opening(shared, 0).whenComplete(then);
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
   * The connections to {@code target}. Does not block.
   *
   * @throws HandoffException if this is closed
   */
  synchronized Lease lease(String target) throws HandoffException {
    requireOpen();
    Shared shared = byTarget.computeIfAbsent(target, name -> new Shared(name, targets++));
    shared.users++;
    return new Lease(shared);
  }

  private synchronized CompletableFuture<Connection> opening(Shared shared, int stripe)
      throws HandoffException {
    requireOpen();
    if (stripe == shared.connections.size()) {
      CompletableFuture<Connection> opened = new CompletableFuture<>();
      shared.connections.add(opened);
      Thread.ofVirtual()
          .name("kv-connect")
          .start(() -> open(shared, shared.place + stripe, opened));
    }
    return shared.connections.get(stripe);
  }

  private void requireOpen() throws HandoffException {
    if (closed) {
      throw HandoffException.cancelled("the sender is closed", null);
    }
  }

  private void open(Shared shared, int place, CompletableFuture<Connection> opened) {
    try {
      opened.complete(opener.open(shared.target, place));
    } catch (RuntimeException | Error e) {
      giveUp(shared);
      opened.completeExceptionally(e);
    }
  }

  private static Connection await(
      CompletableFuture<Connection> opening, String target, Duration limit)
      throws HandoffException {
    if (opening.state() == Future.State.SUCCESS) {
      return opening.resultNow();
    }
    Context context = Context.current();
    CompletableFuture<Connection> mine = opening.copy();
    Context.CancellationListener stop = _ -> mine.cancel(false);
    context.addListener(stop, Runnable::run);
    try {
      return mine.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (CancellationException e) {
      throw context.cancellationCause() instanceof TimeoutException
          ? HandoffException.from(Status.DEADLINE_EXCEEDED.withCause(e).asException())
          : HandoffException.cancelled("the push was cancelled", e);
    } catch (ExecutionException e) {
      throw HandoffException.lost("no connection to " + target, e.getCause());
    } catch (TimeoutException e) {
      throw HandoffException.stalled(
          "no connection to %s within %d ms".formatted(target, limit.toMillis()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw HandoffException.cancelled("the pushing thread was interrupted", e);
    } finally {
      context.removeListener(stop);
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
      shared.connections.forEach(Channels::shutDown);
    }
  }

  /** Also one that is not open yet, as soon as it is. */
  private static void shutDown(CompletableFuture<Connection> opening) {
    var _ = opening.thenAccept(each -> each.channel().shutdownNow());
  }

  /** Connections that are open or being opened, given up or not. */
  synchronized int size() {
    return Stream.concat(byTarget.values().stream(), givenUp.stream())
        .mapToInt(shared -> shared.connections.size())
        .sum();
  }

  /** Closes all connections; calls on them fail. Waits a few seconds for them to end. */
  @Override
  public void close() {
    List<CompletableFuture<Connection>> all;
    synchronized (this) {
      closed = true;
      all =
          Stream.concat(byTarget.values().stream(), givenUp.stream())
              .flatMap(shared -> shared.connections.stream())
              .toList();
      byTarget.clear();
      givenUp.clear();
    }
    all.forEach(Channels::shutDown);
    try {
      for (CompletableFuture<Connection> each : all) {
        if (each.state() == Future.State.SUCCESS) {
          each.resultNow().channel().awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static final class Shared {
    final String target;
    final int place;
    final List<CompletableFuture<Connection>> connections = new ArrayList<>();
    int users;

    Shared(String target, int place) {
      this.target = target;
      this.place = place;
    }
  }
}
