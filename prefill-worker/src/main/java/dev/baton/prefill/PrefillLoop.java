package dev.baton.prefill;

import dev.baton.cluster.drain.Draining;
import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.process.RequestScope;
import dev.baton.cluster.work.StepEnergy;
import dev.baton.cluster.work.StepWork;
import dev.baton.cluster.work.WorkMeter;
import dev.baton.engine.Engine;
import dev.baton.engine.Span;
import dev.baton.kv.BlockPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The order of work on a prefill worker: one thread that owns the engine, one queue before it
 * ({@link PrefillJobs}), one virtual thread for every push beside it, from the job's first step to
 * Ack.
 *
 * <h2>Guarantees</h2>
 *
 * <ul>
 *   <li>First come, first served. A job starts when those before it have started, there are blocks
 *       for its whole prompt, and the jobs that compute leave room in a step. The last makes short
 *       prompts share a step (the weights are read once for all of them) while a long one is alone,
 *       which keeps its TTFT what it would be on an idle worker.
 *   <li>A job whose KV is partly in a slower tier, or in another worker's cache, takes its place in
 *       the queue when that has been brought; until then others go before it.
 *   <li>A step computes at most {@code chunkTokens} tokens, oldest job first. Between two steps
 *       stopped jobs end.
 *   <li>The queue, with those that are brought back, is bounded: {@link #submit} refuses with
 *       OVERLOADED and never blocks.
 *   <li>A step that throws fails the jobs that took part in it; the loop goes on.
 * </ul>
 */
final class PrefillLoop implements Draining {
  private static final Logger LOG = LoggerFactory.getLogger(PrefillLoop.class);

  private final Engine engine;
  private final int chunkTokens;
  private final Overlap overlap;
  private final KvRestore restore;
  private final PrefillMetrics metrics;
  private final WorkMeter work;
  private final LongSupplier nanoClock;
  private final Runnable onChange;
  private final PrefillJobs jobs;
  private final Thread thread;

  /** When the step in progress last showed progress: its begin, or a layer that was written. */
  private volatile long progressAt;

  private volatile boolean stepping;

  /**
   * A loop that runs until it is closed.
   *
   * @param chunkTokens most tokens in a step
   * @param maxQueue most jobs that wait
   * @param overlap decides what leaves layer by layer, and learns how fast steps are
   * @param restore asked for every job before it may start
   * @param onChange called after every change of the load, often; must not block
   */
  PrefillLoop(
      Engine engine,
      BlockPool pool,
      int chunkTokens,
      int maxQueue,
      Overlap overlap,
      KvRestore restore,
      PrefillMetrics metrics,
      WorkMeter work,
      LongSupplier nanoClock,
      Runnable onChange) {
    this.engine = engine;
    this.chunkTokens = chunkTokens;
    this.jobs = new PrefillJobs(maxQueue, chunkTokens);
    this.overlap = overlap;
    this.restore = restore;
    this.metrics = metrics;
    this.work = work;
    this.nanoClock = nanoClock;
    this.onChange = onChange;
    this.thread = Thread.ofPlatform().name("prefill-loop").unstarted(this::run);
    pool.onRoom(jobs::wake);
  }

  /** Starts the thread. */
  void start() {
    thread.start();
  }

  /**
   * Puts a job at the end of the queue, once its KV has come from where it is.
   *
   * @throws BatonException OVERLOADED if the queue is full, DRAINING if the worker takes nothing
   *     new
   */
  void submit(PrefillJob job) {
    jobs.add(job);
    boolean comes =
        restore.begin(job.task(), () -> job.endReason() == null, pulled -> enqueue(job, pulled));
    if (!comes) {
      enqueue(job, PulledBlocks.NONE);
    }
  }

  private void enqueue(PrefillJob job, PulledBlocks pulled) {
    jobs.restored(job, pulled);
    onChange.run();
  }

  /**
   * Ends a job for this reason: its push is interrupted, and it leaves the queue at once or the
   * engine at the next step. Does nothing to a job that is over.
   */
  void stop(PrefillJob job, BatonException why) {
    job.stop(why);
    if (jobs.withdraw(job)) {
      job.end(why);
      onChange.run();
    }
  }

  /** How much work there is. */
  PrefillLoad load() {
    return jobs.load();
  }

  /** Whether the engine is in a step and wrote no layer for longer than this. Does not wait. */
  boolean isStuck(Duration limit) {
    return stepping && nanoClock.getAsLong() - progressAt > limit.toNanos();
  }

  @Override
  public void refuseNew() {
    jobs.refuseNew();
    onChange.run();
  }

  @Override
  public boolean isDraining() {
    return jobs.isDraining();
  }

  @Override
  public int requests() {
    return jobs.all().size();
  }

  /** Those that have not begun have lost nothing yet, and go at once. */
  @Override
  public int handBack(Duration left) {
    List<PrefillJob> going =
        (left.isZero() ? jobs.all() : outliving(left))
            .stream().filter(job -> job.endReason() == null).toList();
    going.forEach(job -> stop(job, BatonException.draining()));
    return going.size();
  }

  private List<PrefillJob> outliving(Duration limit) {
    return jobs.outliving(limit.toNanos() / 1e9 / overlap.speeds().secondsPerToken());
  }

  @Override
  public boolean awaitNone(Duration limit) {
    return jobs.awaitNone(limit);
  }

  /**
   * Ends what is left and the thread. Blocking, but not for longer than the limit even if the
   * engine never returns.
   *
   * @return whether nothing uses engine or blocks any more
   */
  boolean close(Duration limit) {
    refuseNew();
    int left = handBack(Duration.ZERO);
    LOG.debug("{} requests were still here", left);
    boolean idle = awaitNone(limit);
    jobs.close();
    try {
      return thread.join(limit) && idle;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** What the thread does: it returns once nothing computes and the loop is closed. */
  void run() {
    while (jobs.awaitWork(this::begin)) {
      step();
    }
  }

  private void begin(PrefillJob job) {
    metrics.cached(job.readyTokens(), job.pulledTokens());
    startPush(job);
  }

  private void step() {
    endStopped();
    Map<PrefillJob, Span> batch = batch();
    if (batch.isEmpty()) {
      return;
    }
    long from = nanoClock.getAsLong();
    progressAt = from;
    stepping = true;
    WorkMeter.Step step = work.begin(workOf(batch.values()));
    StepEnergy energy;
    try {
      run(batch);
    } catch (RuntimeException | Error e) {
      fail(batch.keySet(), e);
      return;
    } finally {
      energy = step.end();
      stepping = false;
    }
    long to = nanoClock.getAsLong();
    int tokens = batch.values().stream().mapToInt(span -> span.tokens().length).sum();
    metrics.computed(tokens, to - from);
    overlap.computed(tokens, to - from);
    batch.forEach((job, span) -> advance(job, span, from, to, energy));
    onChange.run();
  }

  private static StepWork workOf(Collection<Span> spans) {
    return new StepWork(
        spans.stream()
            .map(span -> new StepWork.PromptPart(span.tokens().length, span.start()))
            .toList(),
        0,
        0);
  }

  private void run(Map<PrefillJob, Span> batch) {
    IdentityHashMap<Span, PrefillJob> owners = new IdentityHashMap<>();
    batch.forEach((job, span) -> owners.put(span, job));
    engine.run(
        List.copyOf(batch.values()),
        (span, layer, end) -> {
          progressAt = nanoClock.getAsLong();
          PrefillJob owner = owners.get(span);
          if (owner != null) {
            owner.written(layer, end);
          }
        });
  }

  private void endStopped() {
    for (PrefillJob job : List.copyOf(jobs.computing())) {
      BatonException why = job.endReason();
      if (why != null) {
        endComputing(job, why);
      }
    }
  }

  private Map<PrefillJob, Span> batch() {
    Map<PrefillJob, Span> batch = new LinkedHashMap<>();
    int budget = chunkTokens;
    for (PrefillJob job : jobs.computing()) {
      if (budget == 0) {
        break;
      }
      Span span = job.nextSpan(budget, engine.vocabulary());
      batch.put(job, span);
      budget -= span.tokens().length;
    }
    return batch;
  }

  private void fail(Set<PrefillJob> batch, Throwable thrown) {
    for (PrefillJob job : new ArrayList<>(batch)) {
      try (RequestScope scope = RequestScope.open(job.task().requestId())) {
        endComputing(job, BatonException.from(thrown));
      }
    }
  }

  private void advance(PrefillJob job, Span span, long from, long to, StepEnergy energy) {
    try (RequestScope scope = RequestScope.open(job.task().requestId())) {
      try {
        job.computed(span, from, to, energy.ofPrompt(span.tokens().length));
      } catch (RuntimeException | Error e) {
        endComputing(job, BatonException.from(e));
        return;
      }
      if (job.remainingTokens() == 0) {
        endComputing(job, null);
      }
    }
  }

  private void startPush(PrefillJob job) {
    Thread pusher =
        Thread.ofVirtual().name("push-" + job.task().requestId()).unstarted(() -> push(job));
    job.startPush(pusher, overlap.pays(job.task().tokens().length, job.remainingTokens()));
    pusher.start();
  }

  private void push(PrefillJob job) {
    try (RequestScope scope = RequestScope.open(job.task().requestId())) {
      job.push();
    } finally {
      leaveIfEnded(job);
    }
  }

  /** The engine has done with a job: it ended early for this reason, or is computed (null). */
  private void endComputing(PrefillJob job, @Nullable BatonException why) {
    jobs.computed(job);
    try {
      job.leaveCompute(why);
    } catch (RuntimeException e) {
      LOG.error("a listener failed; the loop goes on", e);
    } finally {
      leaveIfEnded(job);
    }
  }

  /** Whoever ended it comes by here last. */
  private void leaveIfEnded(PrefillJob job) {
    if (job.state() != PrefillJob.State.ENDED) {
      return;
    }
    jobs.ended(job);
    onChange.run();
  }
}
