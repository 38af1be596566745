package dev.baton.prefill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.drain.Drain;
import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.work.Chip;
import dev.baton.cluster.work.WorkMeter;
import dev.baton.engine.sampling.Choices;
import dev.baton.kv.BlockPool;
import dev.baton.kv.KeyChain;
import dev.baton.kv.TenantSalt;
import dev.baton.kv.handoff.Ticket;
import dev.baton.model.sampling.Sampling;
import dev.baton.proto.v1.ErrorCode;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Jobs that wait for a slower tier, whose reader is the test. */
class PrefillLoopRestoreTest {
  private static final int MAX_QUEUE = 2;

  /** What the loop asked the tier for, by request; requests named "fast" have nothing there. */
  private final Map<String, Runnable> done = new ConcurrentHashMap<>();

  private final Map<String, BooleanSupplier> wanted = new ConcurrentHashMap<>();

  private final ChainEngine engine = new ChainEngine();
  private final BlockPool pool = new BlockPool(engine.layout(), 32);
  private final PrefillLoop loop =
      new PrefillLoop(
          engine,
          pool,
          64,
          MAX_QUEUE,
          new Overlap(engine.layout(), 64),
          this::restore,
          new PrefillMetrics(new SimpleMeterRegistry()),
          new WorkMeter(new Chip(Optional.empty(), System::nanoTime)),
          System::nanoTime,
          () -> {});

  private boolean restore(
      PrefillTask task, BooleanSupplier isWanted, Consumer<PulledBlocks> isDone) {
    if (task.requestId().startsWith("fast")) {
      return false;
    }
    wanted.put(task.requestId(), isWanted);
    done.put(task.requestId(), () -> isDone.accept(PulledBlocks.NONE));
    return true;
  }

  @BeforeEach
  void start() {
    loop.start();
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(loop.close(Duration.ofSeconds(20))).isTrue();
    assertThat(loop.load().waiting()).isZero();
    assertThat(loop.load().running()).isZero();
    assertThat(loop.load().pendingTokens()).isZero();
    pool.close();
  }

  @Test
  void othersGoBeforeAJobThatIsBroughtBackAndItFollows() {
    Submitted slow = submit("slow");
    Submitted fast = submit("fast");

    assertThat(fast.outcome()).isNull();
    assertThat(slow.ended).isNotDone();
    assertThat(loop.load().waiting()).isEqualTo(1);
    assertThat(loop.load().pendingTokens()).isEqualTo(40);
    done.get("slow").run();

    assertThat(slow.outcome()).isNull();
  }

  @Test
  void jobThatIsStoppedWhileItIsBroughtBackEndsAtOnceAndOnce() {
    Submitted slow = submit("slow");
    assertThat(wanted.get("slow").getAsBoolean()).isTrue();

    loop.stop(slow.job, BatonException.cancelled());

    assertThat(slow.outcome().code()).isEqualTo(ErrorCode.ERROR_CODE_CANCELLED);
    assertThat(wanted.get("slow").getAsBoolean()).isFalse();
    done.get("slow").run();
    assertThat(submit("fast").outcome()).isNull();
    assertThat(engine.steps).hasSize(1);
  }

  @Test
  void jobsThatAreBroughtBackCountAsQueued() {
    submit("slow-1");
    submit("slow-2");

    assertThatThrownBy(() -> submit("fast"))
        .isInstanceOfSatisfying(
            BatonException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.ERROR_CODE_OVERLOADED));
    assertThatThrownBy(() -> submit("slow-3")).isInstanceOf(BatonException.class);
    assertThat(done).containsOnlyKeys("slow-1", "slow-2");
  }

  @Test
  void drainEndsJobsThatAreStillBroughtBack() {
    Submitted slow = submit("slow");

    Drain.withoutBlocks(loop, Duration.ofMillis(10), _ -> {}).run();

    assertThat(slow.outcome().code()).isEqualTo(ErrorCode.ERROR_CODE_DRAINING);
    done.get("slow").run();
  }

  private Submitted submit(String requestId) {
    int[] prompt = IntStream.range(0, 40).map(i -> i % ChainEngine.VOCABULARY).toArray();
    KeyChain chain = new KeyChain(engine.lineage(), new TenantSalt("00".repeat(32)), 16);
    PrefillTask task =
        new PrefillTask(
            requestId,
            prompt,
            chain.keys(prompt),
            Sampling.greedy(),
            Choices.fresh(1),
            -1,
            new Ticket(1, 2, 1),
            "127.0.0.1:1",
            Optional.empty());
    Submitted submitted = new Submitted(task, pool);
    loop.submit(submitted.job);
    return submitted;
  }

  /** A job whose push is free, and what its listener heard. */
  private static final class Submitted implements PrefillListener {
    final PrefillJob job;
    final CompletableFuture<BatonException> ended = new CompletableFuture<>();

    Submitted(PrefillTask task, BlockPool pool) {
      this.job =
          new PrefillJob(task, pool, (t, blocks) -> new TestFlow(_ -> {}), this, System::nanoTime);
    }

    /** Why it failed; null if it was done. */
    BatonException outcome() {
      return ended.orTimeout(20, TimeUnit.SECONDS).join();
    }

    @Override
    public void done(PrefillAccount account) {
      end(null);
    }

    @Override
    public void failed(BatonException why) {
      end(why);
    }

    private void end(BatonException why) {
      if (!ended.complete(why)) {
        throw new IllegalStateException("ended twice");
      }
    }
  }
}
