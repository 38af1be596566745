package dev.baton.prefill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cluster.work.Chip;
import dev.baton.cluster.work.WorkMeter;
import dev.baton.engine.sampling.Choices;
import dev.baton.kv.BlockPool;
import dev.baton.kv.KeyChain;
import dev.baton.kv.TenantSalt;
import dev.baton.kv.handoff.Ticket;
import dev.baton.model.sampling.Sampling;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;

/**
 * A loop that runs, over an engine and a pool of its own, and what a test submits to it. Closing it
 * waits until it holds nothing.
 */
final class TestLoop implements AutoCloseable {
  static final int BLOCKS = 32;
  static final int MAX_QUEUE = 4;
  static final Sampling SAMPLED = new Sampling(1, 0, 1, 0, 1.2, 0.5, 0.5, 42);
  private static final int CHUNK = 64;

  final ChainEngine engine = new ChainEngine();
  final BlockPool pool = new BlockPool(engine.layout(), BLOCKS);
  final PrefillLoop loop =
      new PrefillLoop(
          engine,
          pool,
          CHUNK,
          MAX_QUEUE,
          new Overlap(engine.layout(), CHUNK),
          KvRestore.NONE,
          new PrefillMetrics(new SimpleMeterRegistry()),
          new WorkMeter(new Chip(Optional.empty(), System::nanoTime)),
          System::nanoTime,
          () -> {});

  TestLoop() {
    loop.start();
  }

  static int[] prompt(int length) {
    return prompt(length, 0);
  }

  static int[] prompt(int length, int seed) {
    return IntStream.range(0, length)
        .map(i -> (i * 7 + seed * 13 + 3) % ChainEngine.VOCABULARY)
        .toArray();
  }

  static int[] concat(int[] a, int[] b) {
    return IntStream.concat(IntStream.of(a), IntStream.of(b)).toArray();
  }

  PrefillTask task(int[] prompt, int choices, String salt) {
    KeyChain chain = new KeyChain(engine.lineage(), new TenantSalt(salt.repeat(32)), 16);
    return new PrefillTask(
        "r-1",
        prompt,
        chain.keys(prompt),
        SAMPLED,
        Choices.fresh(choices),
        2,
        new Ticket(1, 2, 1),
        "127.0.0.1:1",
        Optional.empty());
  }

  SubmittedJob submit(int[] prompt, int choices) {
    return submit(prompt, choices, TestPush.free());
  }

  SubmittedJob submit(int[] prompt, int choices, SubmittedJob.Push push) {
    return submit(task(prompt, choices, "00"), push);
  }

  SubmittedJob submit(PrefillTask task, SubmittedJob.Push push) {
    SubmittedJob submitted = new SubmittedJob(task, pool, push);
    loop.submit(submitted.job);
    return submitted;
  }

  @Override
  public void close() {
    engine.beforeStep(batch -> {});
    Awaitility.await().until(() -> pool.usage().used() == 0);
    Awaitility.await().until(() -> loop.load().equals(new PrefillLoad(0, 0, 0, loop.isDraining())));
    assertThat(loop.close(Duration.ofSeconds(10))).isTrue();
    pool.close();
  }
}
