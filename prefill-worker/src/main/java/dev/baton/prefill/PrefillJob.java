package dev.baton.prefill;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.work.EnergySum;
import dev.baton.engine.Span;
import dev.baton.engine.sampling.Sampler;
import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.kv.handoff.BusyTimes;
import dev.baton.kv.handoff.PushTimes;
import dev.baton.proto.v1.SampledToken;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One prompt on its way through the worker.
 *
 * <pre>
 * QUEUED ──tryStart──► COMPUTING ──leaveCompute──► PUSHING
 *    │                     │                          │
 *   end                    └──── the last to leave ───┴──► ENDED
 * </pre>
 *
 * <h2>Who may touch the blocks</h2>
 *
 * <ul>
 *   <li>QUEUED: the loop's queue.
 *   <li>COMPUTING: two threads. The loop's thread writes, through the engine; the push's thread
 *       reads, but never the same bytes: a plane is read only once it was said to be final, and is
 *       not written after that. Each such word ({@link #written}, {@link #computed}) passes through
 *       the push's lock, so that all the engine wrote before it happens before the read.
 *   <li>PUSHING: the push's thread.
 * </ul>
 *
 * <h2>Guarantees</h2>
 *
 * <ul>
 *   <li>{@link #stop} only leaves word, and wakes the push; the loop's thread notices at its next
 *       boundary. A push that fails while the job computes leaves word in the same way.
 *   <li>Every reference to a block is given back exactly once, when both threads have left, by the
 *       last of them, before the listener hears of the end.
 *   <li>Full blocks are published as soon as they are computed, whatever happens to the job later.
 * </ul>
 */
final class PrefillJob {
  /** Where a job is. */
  enum State {
    /** Waits for its turn or for blocks; may hold cached blocks already. */
    QUEUED,
    /** Takes part in the engine's steps; what is final of its KV may travel already. */
    COMPUTING,
    /** The engine has done with it; its KV travels to the decode worker. */
    PUSHING,
    /** Over; holds nothing. */
    ENDED
  }

  private final PrefillTask task;
  private final BlockPool pool;
  private final KvPush push;
  private final PrefillListener listener;
  private final LongSupplier nanoClock;
  private final long arrivedAt;

  private volatile State state = State.QUEUED;
  private volatile int readyTokens;
  private volatile @Nullable BatonException stopReason;

  // These four are read and written under the job's monitor.
  private @Nullable Thread pusher;
  private boolean pushLeft;
  private @Nullable PushTimes pushed;
  private @Nullable BatonException failure;

  private final List<Block> blocks = new ArrayList<>();
  private final BusyTimes computing = new BusyTimes();
  private final EnergySum energy = new EnergySum();
  private KvPush.@Nullable Flow flow;
  private boolean layerwise;
  private int cachedTokens;
  private PulledBlocks pulled = PulledBlocks.NONE;
  private long startedAt;
  private long computedAt;

  /** A job that holds nothing yet. */
  PrefillJob(
      PrefillTask task,
      BlockPool pool,
      KvPush push,
      PrefillListener listener,
      LongSupplier nanoClock) {
    this.task = task;
    this.pool = pool;
    this.push = push;
    this.listener = listener;
    this.nanoClock = nanoClock;
    this.arrivedAt = nanoClock.getAsLong();
  }

  PrefillTask task() {
    return task;
  }

  State state() {
    return state;
  }

  /** Prompt tokens whose KV is ready, cached ones included. */
  int readyTokens() {
    return readyTokens;
  }

  /** Prompt tokens still to compute. */
  int remainingTokens() {
    return task.tokens().length - readyTokens;
  }

  /** Why it shall end: somebody said so, or its push failed; null if it shall not. */
  synchronized @Nullable BatonException endReason() {
    return stopReason != null ? stopReason : failure;
  }

  /**
   * Leaves word that the job shall end; the first reason stays. A push in progress is interrupted;
   * the engine's part ends at its next boundary.
   */
  synchronized void stop(BatonException why) {
    if (stopReason == null && state != State.ENDED) {
      stopReason = why;
      if (pusher != null) {
        pusher.interrupt();
      }
    }
  }

  /** These blocks of the prompt came from another worker. Called before the first try to start. */
  void pulled(PulledBlocks came) {
    pulled = came;
  }

  /** Of the cached tokens, those that came from another worker. Known once started. */
  int pulledTokens() {
    int blockTokens = pool.layout().blockTokens();
    return blockTokens * pulled.within(cachedTokens / blockTokens);
  }

  /**
   * QUEUED to COMPUTING if there are blocks for the whole prompt. What is cached is held from the
   * first try on: the job is the next one anyway, and its prefix must not be evicted while it waits
   * for the rest.
   *
   * @return false if there is no room yet
   */
  boolean tryStart() {
    int blockTokens = pool.layout().blockTokens();
    List<BlockKey> cacheable = task.cacheableKeys(blockTokens);
    blocks.addAll(pool.retainPrefix(cacheable.subList(blocks.size(), cacheable.size())));
    List<Block> fresh = pool.tryReserve(task.keys().size() - blocks.size());
    if (fresh == null) {
      return false;
    }
    cachedTokens = blocks.size() * blockTokens;
    readyTokens = cachedTokens;
    blocks.addAll(fresh);
    if (task.tokens().length % blockTokens != 0) {
      // The unused end of this block travels too: it must not show what another request left.
      blocks.getLast().bytes().fill((byte) 0);
    }
    startedAt = nanoClock.getAsLong();
    move(State.QUEUED, State.COMPUTING);
    return true;
  }

  /** The next tokens to compute, at most {@code budget}; with logits if they end the prompt. */
  // NullAway loses the @Nullable of an array in another module's record: Span.logits may be null.
  @SuppressWarnings("NullAway")
  Span nextSpan(int budget, int vocabulary) {
    int from = readyTokens;
    int to = Math.min(task.tokens().length, from + budget);
    float @Nullable [] logits = to == task.tokens().length ? new float[vocabulary] : null;
    return new Span(Arrays.copyOfRange(task.tokens(), from, to), from, blocks, logits);
  }

  /**
   * Begins the push, from the start of computing on: the stream is the lease on the decode worker's
   * blocks. Cached blocks are final.
   *
   * @param by not yet started, will run {@link #push}
   * @param layerByLayer whether planes leave as they become final, or all after computing
   */
  void startPush(Thread by, boolean layerByLayer) {
    KvPush.Flow started = push.prepare(task, List.copyOf(blocks));
    flow = started;
    layerwise = layerByLayer;
    for (int layer = 0; layer < pool.layout().layers(); layer++) {
      written(layer, cachedTokens);
    }
    synchronized (this) {
      pusher = by;
      if (stopReason != null) {
        by.interrupt();
      }
    }
  }

  /** K and V of a layer are final for the prompt's first {@code tokens} tokens. */
  void written(int layer, int tokens) {
    KvPush.Flow current = flow;
    if (layerwise && current != null) {
      current.ready(layer, tokens);
    }
  }

  /**
   * Takes note of a computed span: publishes the blocks that it filled and, after the last one,
   * chooses the first token of every choice and lets the push complete.
   *
   * @param from when the step began
   * @param to when it ended
   * @param joules the job's share of its energy, where it is known
   */
  void computed(Span span, long from, long to, OptionalDouble joules) {
    int blockTokens = pool.layout().blockTokens();
    computing.add(from, to);
    energy.add(joules);
    for (int i = span.start() / blockTokens; i < span.end() / blockTokens; i++) {
      pool.publish(blocks.get(i), task.keys().get(i));
    }
    readyTokens = span.end();
    float @Nullable [] logits = span.logits();
    KvPush.Flow current = flow;
    if (logits != null && current != null) {
      List<SampledToken> firstTokens =
          Sampler.first(logits, task.sampling(), task.tokens(), task.choices(), task.topLogprobs())
              .stream()
              .map(token -> token.toProto())
              .toList();
      computedAt = nanoClock.getAsLong();
      current.computed(firstTokens);
    }
  }

  /**
   * COMPUTING to PUSHING: the engine touches the blocks no more. Ends the job if the push has left
   * already.
   *
   * @param why it shall end; null if everything was computed
   */
  void leaveCompute(@Nullable BatonException why) {
    boolean last;
    synchronized (this) {
      move(State.COMPUTING, State.PUSHING);
      if (why != null) {
        fail(why);
      }
      last = pushLeft;
    }
    if (last) {
      finish();
    }
  }

  /**
   * Pushes. Runs on the thread given to {@link #startPush}. Ends the job if the engine has done
   * with it already.
   */
  void push() {
    KvPush.Flow started = Objects.requireNonNull(flow, "startPush comes first");
    PushTimes times = null;
    BatonException why = stopReason;
    if (why == null) {
      try {
        times = started.run();
      } catch (RuntimeException | Error e) {
        why = BatonException.from(e);
      }
    }
    boolean last;
    synchronized (this) {
      pushLeft = true;
      pusher = null;
      pushed = times;
      if (why != null) {
        fail(why);
      }
      last = state == State.PUSHING;
    }
    if (last) {
      finish();
    }
  }

  /** The first failure stays; the push need not go on. */
  private synchronized void fail(BatonException why) {
    if (failure == null) {
      failure = why;
    }
    if (pusher != null) {
      pusher.interrupt();
    }
  }

  /** Both have left. */
  private void finish() {
    PushTimes times;
    BatonException why;
    synchronized (this) {
      times = pushed;
      why = failure;
    }
    if (times != null) {
      succeed(times);
    } else {
      end(Objects.requireNonNull(why, "a push ends well or with a reason"));
    }
  }

  private void succeed(PushTimes times) {
    PrefillAccount account =
        new PrefillAccount(
            cachedTokens,
            pulledTokens(),
            task.tokens().length - cachedTokens,
            arrivedAt,
            startedAt,
            computedAt,
            nanoClock.getAsLong(),
            computing.totalNanos(),
            energy.value(),
            computing.intervals(),
            layerwise,
            times);
    release();
    listener.done(account);
  }

  /**
   * Ends early: gives all blocks back, then tells the listener. Called by others only for a job
   * that is queued. A reason that {@link #stop} gave goes before {@code why}, which may only be its
   * consequence.
   */
  void end(BatonException why) {
    BatonException asked = stopReason;
    release();
    listener.failed(asked == null ? why : asked);
  }

  private void release() {
    synchronized (this) {
      if (state == State.ENDED) {
        throw new IllegalStateException(task.requestId() + " ended twice");
      }
      state = State.ENDED;
    }
    pool.release(blocks);
    blocks.clear();
  }

  private synchronized void move(State from, State to) {
    if (state != from) {
      throw new IllegalStateException(task.requestId() + " cannot go from " + state + " to " + to);
    }
    state = to;
  }
}
