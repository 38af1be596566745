package dev.baton.engine;

import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Runs an engine on made-up tokens before it serves, so that the first request does not wait for
 * the JVM to compile the kernels. It runs every shape that a step can have, again and again:
 * prompts of several sequences, one of them longer than a block; a token of several sequences; one
 * of one.
 */
public final class WarmUp {
  /** Kernels differ for one row, for a few and for many; so many are computed together. */
  private static final int SEQUENCES = 6;

  private static final int LONG_PROMPT = 18;
  private static final int SHORT_PROMPT = 2;
  private static final int STEPS = 2;

  /** Of the time of a run: more than so much of compiling is worth another one. */
  private static final double BUSY = 0.25;

  /** A run so short that nobody notices what compiling could still save. */
  private static final Duration BRIEF = Duration.ofMillis(20);

  private final Engine engine;
  private final List<List<Block>> tables = new ArrayList<>();
  private final List<float[]> logits = new ArrayList<>();

  private WarmUp(Engine engine) {
    this.engine = engine;
  }

  /**
   * Runs every shape once, and on until each took less than 20 ms, or the compiler was busy for
   * less than a quarter of it. The embedded engine waits for the compiler, where that can be told
   * to, so that a kernel that is being compiled is seen. Blocking; the engine must not be in use.
   *
   * @param limit after which nothing is run again
   * @return whether it came so far
   */
  public static boolean run(Engine engine, Duration limit) {
    CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
    boolean known = compiler != null && compiler.isCompilationTimeMonitoringSupported();
    return run(
        engine, limit, System::nanoTime, known ? compiler::getTotalCompilationTime : () -> 0);
  }

  /**
   * As above.
   *
   * @param compilerMillis time that the compiler took until now
   */
  static boolean run(
      Engine engine, Duration limit, LongSupplier nanoClock, LongSupplier compilerMillis) {
    WarmUp warmUp = new WarmUp(engine);
    int blocks = engine.layout().blocksFor(Math.min(LONG_PROMPT + STEPS, engine.contextTokens()));
    try (BlockPool pool = new BlockPool(engine.layout(), SEQUENCES * blocks)) {
      for (int i = 0; i < SEQUENCES; i++) {
        warmUp.tables.add(reserve(pool, blocks));
        warmUp.logits.add(new float[engine.vocabulary()]);
      }
      try {
        return warmUp.untilWarm(limit, nanoClock, compilerMillis);
      } finally {
        warmUp.tables.forEach(pool::release);
      }
    }
  }

  private static List<Block> reserve(BlockPool pool, int blocks) {
    List<Block> table = pool.tryReserve(blocks);
    if (table == null) {
      throw new IllegalStateException("an empty pool has no room for " + blocks + " blocks");
    }
    return table;
  }

  private boolean untilWarm(Duration limit, LongSupplier nanoClock, LongSupplier compilerMillis) {
    List<List<Span>> shapes = shapes();
    long begin = nanoClock.getAsLong();
    int warm = 0; // shapes in a row
    for (int run = 0; run < shapes.size() || nanoClock.getAsLong() - begin < limit.toNanos(); ) {
      long from = nanoClock.getAsLong();
      long compiled = compilerMillis.getAsLong();
      engine.run(shapes.get(run++ % shapes.size()));
      long taken = nanoClock.getAsLong() - from;
      boolean busy = (compilerMillis.getAsLong() - compiled) * 1e6 > BUSY * taken;
      warm = busy && taken >= BRIEF.toNanos() ? 0 : warm + 1;
      if (warm >= shapes.size()) {
        return true;
      }
    }
    return false;
  }

  private List<List<Span>> shapes() {
    int room = Math.max(1, engine.contextTokens() - STEPS);
    int first = Math.min(LONG_PROMPT, room);
    int others = Math.min(SHORT_PROMPT, room);
    List<Span> prompts = new ArrayList<>();
    List<Span> step = new ArrayList<>();
    for (int i = 0; i < SEQUENCES; i++) {
      int prompt = i == 0 ? first : others;
      prompts.add(span(i, 0, prompt));
      step.add(span(i, prompt, 1));
    }
    List<List<Span>> all = List.of(prompts, step, List.of(span(0, first + 1, 1)));
    return all.subList(0, Math.min(all.size(), engine.contextTokens()));
  }

  private Span span(int sequence, int start, int tokens) {
    return new Span(new int[tokens], start, tables.get(sequence), logits.get(sequence));
  }
}
