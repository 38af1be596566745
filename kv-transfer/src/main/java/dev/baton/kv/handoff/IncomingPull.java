package dev.baton.kv.handoff;

import dev.baton.kv.Block;
import dev.baton.proto.internal.v1.PullRequest;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stream of Pull on the side that takes. Takes one reply at a time: the next is asked for when
 * the last lies in its block. gRPC calls one method at a time; {@link #end} may come from any
 * thread. Blocks are written and given back under one lock; {@code done} is called once, outside of
 * it unless the call fails while it is started.
 */
final class IncomingPull extends ClientCall.Listener<PullReply> {
  private static final Logger log = LoggerFactory.getLogger(IncomingPull.class);
  private static final MethodDescriptor<OutgoingMessage, PullReply> PULL =
      KvTransfer.pull(new OutgoingMessageWriter(), new PullReplyReader());

  private final KvPuller puller;
  private final List<Block> cached;
  private final PulledPrefix prefix;
  private final Consumer<PullResult> done;
  private final Context context = Context.current();
  private final long startedNanos = System.nanoTime();

  // The rest is read and written under this object's monitor.
  private @Nullable ClientCall<OutgoingMessage, PullReply> call;
  private Channels.@Nullable Lease lease;
  private @Nullable StallWatch watch;
  private boolean over;
  private long firstReplyNanos;

  /** Holds {@code cached}, the blocks before those that {@code prefix} will bring. */
  IncomingPull(
      KvPuller puller, List<Block> cached, PulledPrefix prefix, Consumer<PullResult> done) {
    this.puller = puller;
    this.cached = cached;
    this.prefix = prefix;
    this.done = done;
  }

  /**
   * Sends the request once there is a connection, under the context's cancellation and deadline.
   * Does not block.
   */
  void start(Channels.Lease by, PullRequest request, Duration limit, int maxMessageBytes)
      throws HandoffException {
    synchronized (this) {
      if (over) {
        // Closed since it was entered; nobody else will give this back.
        by.close();
        return;
      }
      lease = by;
      watch =
          puller.watch(
              () -> end(HandoffException.stalled("the source was silent for the stall limit")));
    }
    long endNanos = startedNanos + limit.toNanos();
    by.whenOpen((connection, failure) -> {
      if (connection == null) {
        // A source that cannot even be named must not keep what is held for it.
        end(HandoffException.lost("no connection to the source", failure));
      } else {
        CallOptions options =
            CallOptions.DEFAULT
                .withDeadlineAfter(endNanos - System.nanoTime(), TimeUnit.NANOSECONDS)
                .withMaxInboundMessageSize(maxMessageBytes);
        context.run(() -> send(connection.channel().newCall(PULL, options), request));
      }
    });
  }

  /** Under the lock, so that whoever ends the pull meanwhile finds a call that was started. */
  private synchronized void send(
      ClientCall<OutgoingMessage, PullReply> started, PullRequest request) {
    if (over) {
      return;
    }
    started.start(this, new Metadata());
    started.request(1);
    started.sendMessage(OutgoingMessage.control(KvTransfer.PULL, request));
    started.halfClose();
    call = started;
  }

  @Override
  public void onMessage(PullReply reply) {
    HandoffException why = null;
    try (reply) {
      takeIn(reply);
    } catch (HandoffException e) {
      why = e;
    }
    if (why != null) {
      end(why);
    }
  }

  private void takeIn(PullReply reply) throws HandoffException {
    boolean room = true;
    synchronized (this) {
      if (over) {
        return;
      }
      if (watch != null) {
        watch.sign();
      }
      switch (reply) {
        case PullReply.Accepted accepted -> {
          prefix.accept(accepted.accept());
          firstReplyNanos = System.nanoTime() - startedNanos;
        }
        case PullReply.Frame frame -> room = prefix.frame(frame.header(), frame.payload());
        case PullReply.Ended ended -> prefix.end(ended.end());
        case PullReply.Malformed malformed ->
            throw HandoffException.refused(malformed.refusal(), malformed.detail());
      }
      if (room && call != null) {
        call.request(1);
      }
    }
    if (!room) {
      end(PullOutcome.NO_ROOM, null);
    }
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    if (!status.isOk()) {
      end(meaning(HandoffException.from(status.asException(trailers))));
      return;
    }
    try {
      PullOutcome outcome;
      synchronized (this) {
        outcome = over ? PullOutcome.CANCELLED : prefix.finished();
      }
      end(outcome, null);
    } catch (HandoffException e) {
      end(e);
    }
  }

  /** A cancellation that did not come from here is the source's. */
  private HandoffException meaning(HandoffException why) {
    return why.code() == HandoffException.Code.CANCELLED && !context.isCancelled()
        ? HandoffException.lost("the source cancelled: " + why.getMessage(), why)
        : why;
  }

  /** Ends the pull, unless it has ended; when it returns no block is held. */
  void end(HandoffException why) {
    end(PullOutcome.of(why), why);
  }

  private void end(PullOutcome outcome, @Nullable HandoffException why) {
    PullResult result;
    ClientCall<OutgoingMessage, PullReply> open;
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
      open = call;
      long total = System.nanoTime() - startedNanos;
      result =
          new PullResult(
              outcome,
              cached.size(),
              cached.size() + prefix.blocks(),
              prefix.bytes(),
              firstReplyNanos,
              prefix.accepted() ? total - firstReplyNanos : 0);
      puller.over(this, cached, prefix);
      puller.metrics().moved(prefix.blocks(), prefix.bytes(), total);
      puller.metrics().ended(outcome);
      if (watch != null) {
        watch.stop();
      }
      if (lease != null) {
        if (outcome == PullOutcome.LOST) {
          lease.broken();
        }
        lease.close();
      }
    }
    if (why != null) {
      why.refusal().ifPresent(puller.metrics()::refused);
      log.info("pull ended: {} after {} blocks: {}", outcome, prefix.blocks(), why.getMessage());
    }
    if (open != null) {
      open.cancel("the pull is over", null);
    }
    done.accept(result);
  }
}
