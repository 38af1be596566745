package dev.baton.cli.bench.engine;

import com.sun.management.ThreadMXBean;
import dev.baton.cli.bench.engine.EngineCase.Decode;
import dev.baton.cli.bench.engine.EngineCase.Prefill;
import dev.baton.cli.bench.engine.EngineReport.Range;
import dev.baton.cli.bench.engine.EngineReport.Result;
import dev.baton.cli.machine.AvailableMemory;
import dev.baton.cli.machine.Crew;
import dev.baton.cli.machine.LimitProbe;
import dev.baton.cli.machine.ResidentMemory;
import dev.baton.cli.machine.Rounds;
import dev.baton.cli.profile.ModelSpecs;
import dev.baton.cli.shell.Progress;
import dev.baton.engine.Engine;
import dev.baton.engine.Span;
import dev.baton.engine.WarmUp;
import dev.baton.engine.cpu.CpuEngine;
import dev.baton.engine.packed.WeightStore;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.model.ModelDirectory;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Has the embedded engine read prompts and take decode steps, between measurements of what the
 * machine can do at most.
 */
final class EngineBench {
  private static final int BLOCK_TOKENS = 16;
  private static final double GIB = 1 << 30;

  private final Crew crew;
  private final Rounds rounds;
  private final Duration warmUp;
  private final long memoryBytes;
  private final WeightStore store;
  private final Progress progress;
  private final SplittableRandom random = new SplittableRandom(1);

  /**
   * How to measure.
   *
   * @param crew finds the machine's limits; the engine has as many threads
   * @param rounds of each case
   * @param warmUp most time in which the JVM compiles the kernels
   * @param memoryBytes to find the speed of memory with: larger than any cache
   * @param store of packed weights
   */
  EngineBench(
      Crew crew,
      Rounds rounds,
      Duration warmUp,
      long memoryBytes,
      WeightStore store,
      Progress progress) {
    this.crew = crew;
    this.rounds = rounds;
    this.warmUp = warmUp;
    this.memoryBytes = memoryBytes;
    this.store = store;
    this.progress = progress;
  }

  EngineReport measure(ModelDirectory directory, List<Prefill> prefills, List<Decode> decodes)
      throws IOException, InterruptedException {
    progress.step("loading " + directory.name());
    long start = System.nanoTime();
    try (Engine engine = CpuEngine.load(directory, BLOCK_TOKENS, crew.members(), store)) {
      double loadSeconds = (System.nanoTime() - start) / 1e9;
      progress.step("warming up");
      WarmUp.run(engine, warmUp);
      Map<String, String> left = new LinkedHashMap<>();
      List<Result> results = new ArrayList<>();
      Range flops;
      Range reading;
      progress.step("what the machine can do, on " + crew.members() + " threads");
      try (LimitProbe limits = new LimitProbe(crew, memoryBytes)) {
        for (Prefill each : prefills) {
          prefill(engine, limits, each, results, left);
        }
        for (Decode each : decodes) {
          decode(engine, limits, each, results, left);
        }
        flops = new Range(limits.flops());
        reading = new Range(limits.reading());
      }
      return new EngineReport(
          ModelSpecs.embedded(directory),
          crew.members(),
          flops,
          reading,
          loadSeconds,
          ResidentMemory.of(ProcessHandle.current().pid()),
          allocatedPerToken(engine),
          results,
          left);
    }
  }

  private void prefill(
      Engine engine,
      LimitProbe limits,
      Prefill asked,
      List<Result> results,
      Map<String, String> left)
      throws IOException, InterruptedException {
    if (isLeft(engine, asked, asked.tokens(), left)) {
      return;
    }
    progress.step("prompts of " + asked.tokens() + " tokens");
    try (BlockPool pool = pool(engine, asked.tokens(), 1)) {
      List<Block> table = reserve(pool, pool.capacity());
      Span span = new Span(tokens(engine, asked.tokens()), 0, table, logits(engine));
      results.add(
          new Result(
              asked, rounds.beside(limits::flopsPerSecond, () -> engine.run(List.of(span)))));
      pool.release(table);
    }
  }

  private void decode(
      Engine engine,
      LimitProbe limits,
      Decode asked,
      List<Result> results,
      Map<String, String> left)
      throws IOException, InterruptedException {
    if (isLeft(engine, asked, asked.context(), left)) {
      return;
    }
    progress.step("steps of " + asked.batch() + " sequences with " + asked.context() + " tokens");
    try (BlockPool pool = pool(engine, asked.context(), asked.batch())) {
      List<List<Block>> tables = tables(engine, pool, asked);
      List<Span> step = new ArrayList<>();
      for (List<Block> table : tables) {
        step.add(new Span(tokens(engine, 1), asked.context() - 1, table, logits(engine)));
      }
      results.add(
          new Result(asked, rounds.beside(limits::readBytesPerSecond, () -> engine.run(step))));
      tables.forEach(pool::release);
    }
  }

  /** The first sequence's KV is computed; the others have copies: other memory, the same bytes. */
  private List<List<Block>> tables(Engine engine, BlockPool pool, Decode asked) {
    int each = engine.layout().blocksFor(asked.context());
    List<List<Block>> tables = new ArrayList<>();
    for (int i = 0; i < asked.batch(); i++) {
      tables.add(reserve(pool, each));
    }
    List<Block> first = tables.getFirst();
    engine.run(List.of(new Span(tokens(engine, asked.context()), 0, first, logits(engine))));
    for (List<Block> table : tables.subList(1, tables.size())) {
      for (int i = 0; i < each; i++) {
        table.get(i).bytes().copyFrom(first.get(i).bytes());
      }
    }
    return tables;
  }

  private static boolean isLeft(
      Engine engine, EngineCase asked, int context, Map<String, String> left) throws IOException {
    if (context > engine.contextTokens()) {
      left.put(
          asked.name(),
          "the model's context has %d tokens, needed are %d"
              .formatted(engine.contextTokens(), context));
      return true;
    }
    long needed =
        (long) engine.layout().blockBytes()
            * engine.layout().blocksFor(context)
            * (asked.heldTokens() / context);
    long free = AvailableMemory.bytes();
    if (needed > free) {
      left.put(
          asked.name(),
          "%.1f GiB of memory are available, its KV needs %.1f"
              .formatted(free / GIB, needed / GIB));
      return true;
    }
    return false;
  }

  /** Of all threads of the process, in steps of one sequence. */
  private double allocatedPerToken(Engine engine) {
    int steps = Math.min(64, engine.contextTokens() - 1);
    ThreadMXBean threadsBean = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
    try (BlockPool pool = pool(engine, steps + 1, 1)) {
      List<Block> table = reserve(pool, pool.capacity());
      List<List<Span>> asked = new ArrayList<>();
      for (int i = 0; i < steps; i++) {
        asked.add(List.of(new Span(tokens(engine, 1), i, table, logits(engine))));
      }
      long before = threadsBean.getTotalThreadAllocatedBytes();
      asked.forEach(engine::run);
      double allocated = threadsBean.getTotalThreadAllocatedBytes() - before;
      pool.release(table);
      return allocated / steps;
    }
  }

  private static BlockPool pool(Engine engine, int tokens, int sequences) {
    return new BlockPool(engine.layout(), engine.layout().blocksFor(tokens) * sequences);
  }

  private static List<Block> reserve(BlockPool pool, int blocks) {
    List<Block> table = pool.tryReserve(blocks);
    if (table == null) {
      throw new IllegalStateException("the pool has no room for " + blocks + " blocks");
    }
    return table;
  }

  private int[] tokens(Engine engine, int count) {
    return random.ints(count, 0, engine.vocabulary()).toArray();
  }

  private static float[] logits(Engine engine) {
    return new float[engine.vocabulary()];
  }
}
