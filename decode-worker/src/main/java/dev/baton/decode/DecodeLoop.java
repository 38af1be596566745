package dev.baton.decode;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.phase.RunningMedian;
import dev.baton.cluster.process.RequestScope;
import dev.baton.cluster.work.StepEnergy;
import dev.baton.cluster.work.StepWork;
import dev.baton.cluster.work.WorkMeter;
import dev.baton.engine.Engine;
import dev.baton.engine.Span;
import dev.baton.kv.BlockPool;
import dev.baton.model.sampling.SampledToken;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Continuous batching: one thread that owns the engine and computes one token of up to {@code
 * maxBatch} sequences in each step, and a chunk of the prompts that are read here.
 *
 * <h2>Guarantees</h2>
 *
 * <ul>
 *   <li>Sequences join and leave between any two steps. Where more run than fit a step they take
 *       turns: none gets a second token while another waits for its first.
 *   <li>A step reads at most {@code chunkTokens} prompt tokens, oldest prompt first, beside the
 *       sequences: a local prefill delays them by that much in each step and never stops them.
 *   <li>Between two steps the sequences and prompts of stopped calls are dropped.
 *   <li>A step that throws stops the calls that took part in it; the loop goes on.
 *   <li>No call is called under the lock.
 * </ul>
 */
final class DecodeLoop {
  private static final Logger LOG = LoggerFactory.getLogger(DecodeLoop.class);

  private final Engine engine;
  private final BlockPool pool;
  private final int maxBatch;
  private final int chunkTokens;
  private final DecodeMetrics metrics;
  private final WorkMeter work;
  private final LongSupplier nanoClock;
  private final Thread thread;

  /** One for each place in a batch; made when first needed. */
  private final List<float[]> logits = new ArrayList<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** In the order of their turns. */
  private final Deque<DecodeSequence> running = new ArrayDeque<>();

  /** Prompts that are read here, oldest first. */
  private final Set<LocalPrefill> reading = new LinkedHashSet<>();

  private final RunningMedian stepSeconds = new RunningMedian();
  private boolean closed;
  private boolean stepping;
  private long stepStartedAt;

  /** A loop over the blocks of {@code pool}, whose shape is the engine's. */
  DecodeLoop(
      Engine engine,
      BlockPool pool,
      int maxBatch,
      int chunkTokens,
      DecodeMetrics metrics,
      WorkMeter work,
      LongSupplier nanoClock) {
    this.engine = engine;
    this.pool = pool;
    this.maxBatch = maxBatch;
    this.chunkTokens = chunkTokens;
    this.metrics = metrics;
    this.work = work;
    this.nanoClock = nanoClock;
    this.thread = Thread.ofPlatform().name("decode-loop").unstarted(this::run);
  }

  /** Starts the thread. */
  void start() {
    thread.start();
  }

  /** Number of token ids. */
  int vocabulary() {
    return engine.vocabulary();
  }

  /** Takes over sequences; they get their turn in the next step. */
  void join(Collection<DecodeSequence> sequences) {
    lock.lock();
    try {
      running.addAll(sequences);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Takes over a prompt; its call hears when it is read. */
  void read(LocalPrefill prompt) {
    lock.lock();
    try {
      reading.add(prompt);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Prompt tokens still to compute here. */
  long pendingTokens() {
    lock.lock();
    try {
      return reading.stream().mapToLong(LocalPrefill::remainingTokens).sum();
    } finally {
      lock.unlock();
    }
  }

  /** How long a sequence takes for a token now, by the last steps; 0 before the first. */
  double secondsPerToken() {
    int turns;
    lock.lock();
    try {
      turns = Math.ceilDiv(running.size(), maxBatch);
    } finally {
      lock.unlock();
    }
    return Math.max(1, turns) * stepSeconds.value();
  }

  /** Looks for stopped calls soon. */
  void wake() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether the engine has been in one step for longer than this. */
  boolean isStuck(Duration limit) {
    lock.lock();
    try {
      return stepping && nanoClock.getAsLong() - stepStartedAt > limit.toNanos();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends the thread once nothing runs any more. Blocking, but not for longer than the limit.
   *
   * @return whether it ended: engine and blocks are not in use any more
   */
  boolean close(Duration limit) {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      return thread.join(limit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** What the thread does: it returns once nothing runs and the loop is closed. */
  void run() {
    while (awaitWork()) {
      dropStopped();
      List<DecodeSequence> batch = nextBatch();
      Map<LocalPrefill, Span> chunks = nextChunks();
      if (!batch.isEmpty() || !chunks.isEmpty()) {
        join(step(batch, chunks));
      }
    }
  }

  private boolean awaitWork() {
    lock.lock();
    try {
      while (running.isEmpty() && reading.isEmpty()) {
        if (closed) {
          return false;
        }
        changed.awaitUninterruptibly();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void dropStopped() {
    List<DecodeSequence> stopped = new ArrayList<>();
    List<LocalPrefill> unread = new ArrayList<>();
    lock.lock();
    try {
      for (LocalPrefill prompt : List.copyOf(reading)) {
        if (prompt.call().isStopped()) {
          reading.remove(prompt);
          unread.add(prompt);
        }
      }
      for (Iterator<DecodeSequence> each = running.iterator(); each.hasNext(); ) {
        DecodeSequence sequence = each.next();
        if (sequence.call().isStopped()) {
          each.remove();
          stopped.add(sequence);
        }
      }
    } finally {
      lock.unlock();
    }
    unread.forEach(prompt -> tell(prompt.call(), prompt.call()::dropPrompt));
    stopped.forEach(sequence -> tell(sequence.call(), () -> sequence.call().drop(sequence)));
  }

  private static void tell(DecodeCall call, Runnable what) {
    try (RequestScope scope = RequestScope.open(call.requestId())) {
      what.run();
    } catch (RuntimeException e) {
      LOG.error("a call failed on what it was told; the loop goes on", e);
    }
  }

  private List<DecodeSequence> nextBatch() {
    lock.lock();
    try {
      List<DecodeSequence> batch = new ArrayList<>();
      while (batch.size() < maxBatch && !running.isEmpty()) {
        batch.add(running.removeFirst());
      }
      return batch;
    } finally {
      lock.unlock();
    }
  }

  private Map<LocalPrefill, Span> nextChunks() {
    lock.lock();
    try {
      Map<LocalPrefill, Span> chunks = new LinkedHashMap<>();
      int budget = chunkTokens;
      for (LocalPrefill prompt : reading) {
        if (budget == 0) {
          break;
        }
        Span span = prompt.nextSpan(budget, engine.vocabulary());
        chunks.put(prompt, span);
        budget -= span.tokens().length;
      }
      return chunks;
    } finally {
      lock.unlock();
    }
  }

  /** Computes one token of each sequence and the chunks; returns the sequences that go on. */
  private List<DecodeSequence> step(List<DecodeSequence> batch, Map<LocalPrefill, Span> chunks) {
    long from = nanoClock.getAsLong();
    markStep(from, true);
    List<Span> spans = spans(batch);
    StepWork content = workOf(spans, chunks.values());
    spans.addAll(chunks.values());
    WorkMeter.Step step = work.begin(content);
    StepEnergy energy;
    try {
      engine.run(spans);
    } catch (RuntimeException | Error e) {
      batch.forEach(sequence -> fail(sequence.call(), e));
      chunks.keySet().forEach(prompt -> fail(prompt.call(), e));
      return batch;
    } finally {
      energy = step.end();
      markStep(from, false);
    }
    long nanos = nanoClock.getAsLong() - from;
    metrics.step(batch.size(), nanos);
    stepSeconds.add(nanos / 1e9);
    chunks.forEach((prompt, span) -> read(prompt, span, nanos, energy));
    List<DecodeSequence> going = new ArrayList<>(batch.size());
    for (int i = 0; i < batch.size(); i++) {
      if (choose(batch.get(i), logits.get(i), energy)) {
        going.add(batch.get(i));
      }
    }
    return going;
  }

  private static StepWork workOf(List<Span> sequences, Collection<Span> chunks) {
    return new StepWork(
        chunks.stream()
            .map(span -> new StepWork.PromptPart(span.tokens().length, span.start()))
            .toList(),
        sequences.size(),
        sequences.stream().mapToLong(Span::end).sum());
  }

  private List<Span> spans(List<DecodeSequence> batch) {
    while (logits.size() < batch.size()) {
      logits.add(new float[engine.vocabulary()]);
    }
    List<Span> spans = new ArrayList<>(batch.size());
    for (int i = 0; i < batch.size(); i++) {
      spans.add(batch.get(i).nextSpan(logits.get(i)));
    }
    return spans;
  }

  private void read(LocalPrefill prompt, Span span, long nanos, StepEnergy energy) {
    metrics.promptTokens(span.tokens().length);
    tell(
        prompt.call(),
        () -> {
          Optional<List<dev.baton.proto.v1.SampledToken>> first;
          try {
            first = prompt.computed(span, pool, nanos, energy.ofPrompt(span.tokens().length));
          } catch (RuntimeException | Error e) {
            prompt.call().stop(BatonException.from(e));
            return;
          }
          if (first.isPresent()) {
            leave(prompt);
            prompt.call().promptComputed(prompt.account(), first.get());
          }
        });
  }

  private void leave(LocalPrefill prompt) {
    lock.lock();
    try {
      reading.remove(prompt);
    } finally {
      lock.unlock();
    }
  }

  private static boolean choose(DecodeSequence sequence, float[] logits, StepEnergy energy) {
    try (RequestScope scope = RequestScope.open(sequence.call().requestId())) {
      SampledToken token;
      try {
        token = sequence.sample(logits);
      } catch (RuntimeException | Error e) {
        sequence.call().stop(BatonException.from(e));
        return true;
      }
      return sequence.call().advance(sequence, token.toProto(), energy.ofSequence());
    }
  }

  private static void fail(DecodeCall call, Throwable thrown) {
    try (RequestScope scope = RequestScope.open(call.requestId())) {
      call.stop(BatonException.from(thrown));
    }
  }

  private void markStep(long at, boolean isRunning) {
    lock.lock();
    try {
      stepStartedAt = at;
      stepping = isRunning;
    } finally {
      lock.unlock();
    }
  }
}
