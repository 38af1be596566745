package dev.baton.prefill;

import dev.baton.cluster.error.BatonException;
import dev.baton.engine.Span;
import dev.baton.engine.sampling.Sampler;
import dev.baton.engine.sampling.TokenHistory;
import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.proto.v1.SampledToken;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One prompt on its way through the worker.
 *
 * <pre>
 * QUEUED ──tryStart──► COMPUTING ──startPush──► PUSHING
 *    │                     │                       │
 *    └─────────────────────┴──────── end ──────────┴──► ENDED
 * </pre>
 *
 * <h2>Guarantees</h2>
 *
 * <ul>
 *   <li>Each state has one owner, who alone touches the blocks: the loop's queue, the loop's
 *       thread, the push's thread. {@link #stop} only leaves word (and wakes a push); the owner
 *       notices it at its next boundary.
 *   <li>Every reference to a block is given back exactly once, by {@link #end}, before the listener
 *       hears of the end.
 *   <li>Full blocks are published as soon as they are computed, whatever happens to the job later.
 * </ul>
 */
final class PrefillJob {
  /** Where a job is. */
  enum State {
    /** Waits for its turn or for blocks; may hold cached blocks already. */
    QUEUED,
    /** Takes part in the engine's steps. */
    COMPUTING,
    /** Its KV travels to the decode worker. */
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
  private @Nullable Thread pusher;

  private final List<Block> blocks = new ArrayList<>();
  private int cachedTokens;
  private long startedAt;
  private long computeNanos;
  private List<SampledToken> firstTokens = List.of();

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

  /** Why it shall end, once somebody said so. */
  @Nullable BatonException stopReason() {
    return stopReason;
  }

  /**
   * Leaves word that the job shall end; the first reason stays. The owner of the job's state ends
   * it; a push in progress is interrupted.
   */
  synchronized void stop(BatonException why) {
    if (stopReason == null && state != State.ENDED) {
      stopReason = why;
      if (pusher != null) {
        pusher.interrupt();
      }
    }
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
   * Takes note of a computed span: publishes the blocks that it filled and, after the last one,
   * chooses the first token of every choice.
   *
   * @param nanos time of the step
   */
  void computed(Span span, long nanos) {
    int blockTokens = pool.layout().blockTokens();
    computeNanos += nanos;
    for (int i = span.start() / blockTokens; i < span.end() / blockTokens; i++) {
      pool.publish(blocks.get(i), task.keys().get(i));
    }
    readyTokens = span.end();
    float @Nullable [] logits = span.logits();
    if (logits != null) {
      firstTokens = sampleFirst(logits);
    }
  }

  private List<SampledToken> sampleFirst(float[] logits) {
    TokenHistory history = new TokenHistory(task.tokens());
    List<SampledToken> chosen = new ArrayList<>(task.choices());
    for (int choice = 0; choice < task.choices(); choice++) {
      chosen.add(
          Sampler.sample(
                  logits,
                  task.sampling(),
                  history,
                  task.tokens().length,
                  choice,
                  task.topLogprobs())
              .toProto());
    }
    return List.copyOf(chosen);
  }

  /** COMPUTING to PUSHING; the given thread, not yet started, becomes the owner. */
  synchronized void startPush(Thread by) {
    move(State.COMPUTING, State.PUSHING);
    pusher = by;
    if (stopReason != null) {
      by.interrupt();
    }
  }

  /** Pushes and ends. Runs on the thread given to {@link #startPush}. */
  void pushAndEnd() {
    long from = nanoClock.getAsLong();
    BatonException why = stopReason;
    if (why == null) {
      try {
        push.push(task, List.copyOf(blocks), firstTokens);
      } catch (RuntimeException | Error e) {
        why = BatonException.from(e);
      }
    }
    if (why == null) {
      succeed(nanoClock.getAsLong() - from);
    } else {
      end(why);
    }
  }

  private void succeed(long pushNanos) {
    PrefillAccount account =
        new PrefillAccount(
            cachedTokens,
            task.tokens().length - cachedTokens,
            startedAt - arrivedAt,
            computeNanos,
            pushNanos);
    release();
    listener.done(account);
  }

  /**
   * Ends early: gives all blocks back, then tells the listener. Called once, by the owner. A reason
   * that {@link #stop} gave goes before {@code why}, which may only be its consequence.
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
      pusher = null;
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
