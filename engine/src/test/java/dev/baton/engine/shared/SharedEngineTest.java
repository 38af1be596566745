package dev.baton.engine.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.engine.Engine;
import dev.baton.engine.LayerListener;
import dev.baton.engine.Span;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which spans share a step, in an engine that waits for the test's leave before each step. */
class SharedEngineTest {
  private static final Layout LAYOUT =
      new Layout(2, 1, 2, KvDtype.F32, 16, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
  private static final int CHUNK = 64;
  private static final ToDoubleFunction<List<Span>> BY_TOKENS =
      spans -> spans.stream().mapToInt(span -> span.tokens().length).sum();
  private static final long FOR_EVER = Long.MAX_VALUE / 4;

  private final AtomicLong nanos = new AtomicLong();
  private final SteppedEngine engine = new SteppedEngine();
  private final BlockPool pool = new BlockPool(LAYOUT, 1024);
  private final List<Block> taken = new ArrayList<>();
  private final ExecutorService loops = Executors.newCachedThreadPool();

  @AfterEach
  void end() {
    engine.leave.release(1_000_000);
    loops.close();
    pool.release(taken);
    pool.close();
  }

  private SharedEngine impatient() {
    return new SharedEngine(engine, CHUNK, BY_TOKENS, _ -> 0, nanos::get);
  }

  private SharedEngine patient() {
    return new SharedEngine(engine, CHUNK, BY_TOKENS, _ -> FOR_EVER, nanos::get);
  }

  private Span span(int tokens, int start) {
    List<Block> blocks = Objects.requireNonNull(pool.tryReserve(LAYOUT.blocksFor(start + tokens)));
    taken.addAll(blocks);
    return new Span(IntStream.range(0, tokens).toArray(), start, blocks, new float[1]);
  }

  private CompletableFuture<Void> run(Lease lease, Span... batch) {
    return run(lease, LayerListener.NONE, batch);
  }

  private CompletableFuture<Void> run(Lease lease, LayerListener listener, Span... batch) {
    return CompletableFuture.runAsync(() -> lease.run(List.of(batch), listener), loops);
  }

  /** Returns once so many batches wait or are in the step in progress. */
  private static void awaitBatches(SharedEngine shared, int count) {
    while (shared.batches() < count) {
      Thread.onSpinWait();
    }
  }

  private static void done(CompletableFuture<Void> run) {
    run.orTimeout(20, TimeUnit.SECONDS).join();
  }

  @Test
  void sequencesWaitForOneStepWhileALongPromptIsRead() {
    SharedEngine shared = impatient();
    Lease decode = shared.lease();
    Lease prefill = shared.patientLease();
    CompletableFuture<Void> prompt = run(prefill, span(256, 0));
    engine.awaitStep(1);
    CompletableFuture<Void> token = run(decode, span(1, 300), span(1, 400));
    awaitBatches(shared, 2);
    CompletableFuture<Void> more = prompt.thenCompose(_ -> run(prefill, span(256, 256)));
    engine.leave.release();
    awaitBatches(shared, 2);

    engine.leave.release();

    done(token);
    engine.leave.release(10);
    done(more);
    assertThat(engine.steps.get(0)).containsExactly(256);
    assertThat(engine.steps.get(1).subList(0, 2)).containsExactly(1, 1);
  }

  @Test
  void besideSequencesAPromptIsReadInChunksThatEachCarryThem() {
    SharedEngine shared = patient();
    Lease decode = shared.lease();
    Lease prefill = shared.patientLease();
    CompletableFuture<Void> first = run(decode, span(1, 10));
    engine.awaitStep(1);
    CompletableFuture<Void> prompt = run(prefill, span(4000, 0));
    awaitBatches(shared, 2);
    CompletableFuture<Void> answer = first;
    for (int i = 0; i < 63; i++) {
      answer = answer.thenCompose(_ -> run(decode, span(1, 11)));
    }
    engine.leave.release(1_000_000);

    done(prompt);
    done(answer);

    List<List<Integer>> mixed = engine.steps.stream().filter(step -> step.size() > 1).toList();
    assertThat(engine.steps.getFirst()).containsExactly(1);
    assertThat(mixed).hasSize(63);
    assertThat(mixed.subList(0, 62)).allMatch(step -> step.equals(List.of(1, CHUNK)));
    assertThat(mixed.getLast()).containsExactly(1, 4000 - 62 * CHUNK);
    assertThat(shared.jointSteps()).isEqualTo(63);
  }

  @Test
  void aPromptAloneIsNotCut() {
    done(release(run(impatient().patientLease(), span(2000, 0), span(3, 5))));

    assertThat(engine.steps).containsExactly(List.of(2000, 3));
  }

  private CompletableFuture<Void> release(CompletableFuture<Void> run) {
    engine.leave.release(1_000_000);
    return run;
  }

  @Test
  void onlyTheLastPieceAsksForLogitsAndTheListenerHearsOfTheLoopsOwnSpan() {
    SharedEngine shared = impatient();
    Lease decode = shared.lease();
    Lease prefill = shared.patientLease();
    CompletableFuture<Void> other = run(decode, span(1, 0));
    engine.awaitStep(1);
    Span prompt = span(100, 20);
    List<String> heard = new CopyOnWriteArrayList<>();
    CompletableFuture<Void> read =
        run(
            prefill,
            (span, layer, end) -> heard.add((span == prompt) + " " + layer + " " + end),
            prompt);
    awaitBatches(shared, 2);
    CompletableFuture<Void> token = run(shared.lease(), span(1, 0));
    awaitBatches(shared, 3);

    release(other);
    done(read);
    done(token);

    assertThat(heard).containsExactly("true 0 84", "true 1 84", "true 0 120", "true 1 120");
    assertThat(engine.logits).containsExactly(true, true, false, true);
    assertThat(prompt.logits()).containsExactly(120);
  }

  @Test
  void aLoopThatComesBackIsInTheNextStepThoughTheOthersWereFirst() {
    SharedEngine shared = patient();
    Lease a = shared.lease();
    Lease b = shared.lease();
    CompletableFuture<Void> first = run(a, span(1, 1));
    engine.awaitStep(1);
    CompletableFuture<Void> waits = run(b, span(1, 2));
    awaitBatches(shared, 2);
    engine.leave.release(1_000_000);
    done(first);
    assertThat(waits).isNotDone();

    done(run(a, span(1, 3)));
    done(waits);

    assertThat(engine.steps).containsExactly(List.of(1), List.of(1, 1));
  }

  @Test
  void aLoopThatEndsIsWaitedForNoMore() {
    SharedEngine shared = patient();
    Lease ends = shared.lease();
    CompletableFuture<Void> last = run(ends, span(1, 1));
    engine.awaitStep(1);
    CompletableFuture<Void> waits = run(shared.lease(), span(1, 2));
    awaitBatches(shared, 2);
    done(release(last));

    ends.close();

    done(waits);
  }

  @Test
  void aLoopThatDoesNotComeBackHoldsNobodyUpForLong() {
    SharedEngine shared = impatient();
    CompletableFuture<Void> gone = run(shared.lease(), span(1, 1));
    engine.awaitStep(1);
    CompletableFuture<Void> waits = run(shared.lease(), span(1, 2));
    awaitBatches(shared, 2);

    done(release(gone));
    done(waits);

    assertThat(engine.steps).containsExactly(List.of(1), List.of(1));
  }

  @Test
  void aFailingBatchFailsNoneOfItsCompanions() {
    SharedEngine shared = impatient();
    CompletableFuture<Void> before = run(shared.lease(), span(1, 1));
    engine.awaitStep(1);
    CompletableFuture<Void> good = run(shared.lease(), span(1, 2));
    CompletableFuture<Void> bad = run(shared.lease(), span(1, SteppedEngine.BROKEN));
    CompletableFuture<Void> prompt = run(shared.patientLease(), (_, _, _) -> {}, span(100, 2));
    awaitBatches(shared, 4);

    done(release(before));

    done(good);
    done(prompt);
    assertThatThrownBy(() -> done(bad)).hasRootCauseMessage("broken");
  }

  @Test
  void aBatchWhoseLayersWerePassedOnIsNotWrittenOnceMore() {
    SharedEngine shared = impatient();
    CompletableFuture<Void> before = run(shared.lease(), span(1, 1));
    engine.awaitStep(1);
    CompletableFuture<Void> good = run(shared.lease(), span(1, 2));
    CompletableFuture<Void> told =
        run(shared.patientLease(), (_, _, _) -> {}, span(10, SteppedEngine.BREAKS_LATE));
    awaitBatches(shared, 3);

    done(release(before));

    done(good);
    assertThatThrownBy(() -> done(told)).hasRootCauseMessage("broken late");
    assertThat(engine.steps).containsExactly(List.of(1), List.of(1, 10), List.of(1));
  }

  @Test
  void theTimeOfAStepIsDividedByCostAndCountedOnce() {
    SharedEngine shared = impatient();
    Lease a = shared.lease();
    Lease b = shared.lease();
    CompletableFuture<Void> first = run(a, span(1, 1));
    engine.awaitStep(1);
    CompletableFuture<Void> second = run(a, span(1, 2));
    CompletableFuture<Void> third = run(b, span(3, 2));
    awaitBatches(shared, 3);
    nanos.addAndGet(1000);
    engine.leave.release();
    engine.awaitStep(2);
    assertThat(a.engineNanos()).isEqualTo(1000);
    nanos.addAndGet(400);
    engine.leave.release();
    done(first);
    done(second);
    done(third);

    assertThat(a.engineNanos()).isEqualTo(1100);
    assertThat(b.engineNanos()).isEqualTo(300);
  }

  @Test
  void anEmptyBatchIsNothing() {
    SharedEngine shared = patient();

    done(run(shared.lease()));

    assertThat(engine.steps).isEmpty();
    assertThat(shared.batches()).isZero();
  }

  /** Remembers its steps; spans that start at certain positions break it. */
  private static final class SteppedEngine implements Engine {
    static final int BROKEN = 666;
    static final int BREAKS_LATE = 667;

    final List<List<Integer>> steps = new CopyOnWriteArrayList<>();
    final List<Boolean> logits = new CopyOnWriteArrayList<>();
    final Semaphore leave = new Semaphore(0);
    private final Semaphore begun = new Semaphore(0);
    private int seen;

    /** Returns once the step of this number, counted from 1, has begun. */
    void awaitStep(int number) {
      begun.acquireUninterruptibly(number - seen);
      seen = number;
    }

    @Override
    public void run(List<Span> batch, LayerListener listener) {
      steps.add(batch.stream().map(span -> span.tokens().length).toList());
      begun.release();
      leave.acquireUninterruptibly();
      for (Span span : batch) {
        if (span.start() == BROKEN) {
          throw new IllegalArgumentException("broken");
        }
      }
      for (Span span : batch) {
        float[] out = span.logits();
        logits.add(out != null);
        if (out != null) {
          out[0] = span.end();
        }
        for (int layer = 0; layer < LAYOUT.layers(); layer++) {
          listener.layerWritten(span, layer, span.end());
        }
        if (span.start() == BREAKS_LATE) {
          throw new IllegalStateException("broken late");
        }
      }
    }

    @Override
    public Layout layout() {
      return LAYOUT;
    }

    @Override
    public Lineage lineage() {
      return new Lineage("0".repeat(64));
    }

    @Override
    public int vocabulary() {
      return 1;
    }

    @Override
    public int contextTokens() {
      return 10_000;
    }

    @Override
    public void close() {}
  }
}
