package dev.baton.cli.model;

import dev.baton.cli.machine.AvailableMemory;
import dev.baton.cli.shell.Failure;
import dev.baton.cli.shell.Progress;
import dev.baton.engine.Engine;
import dev.baton.engine.Span;
import dev.baton.engine.cpu.CpuEngine;
import dev.baton.engine.packed.WeightStore;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.model.ModelDirectory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Has two models read the same text, and compares what they predict for every token of it. Both are
 * in memory at once. A window takes a step a token, as logits are those of a step's last token;
 * windows take their steps together, as many as there is memory for: batches change no bit.
 */
final class ModelComparison {
  private static final int BLOCK_TOKENS = 16;
  private static final int MOST_WINDOWS = 64;

  private final Engine engine;
  private final Engine other;
  private final TextWindows text;
  private final LossReport.Sum sum = new LossReport.Sum();

  private ModelComparison(Engine engine, Engine other, TextWindows text) {
    this.engine = engine;
    this.other = other;
    this.text = text;
  }

  /**
   * Compares. Blocks for as long as both models take.
   *
   * @param window tokens of a window at most; both models' contexts are as long
   * @param threads that compute
   * @param store of packed weights
   * @throws Failure if the models do not fit each other, or the machine
   */
  static LossReport measure(
      ModelDirectory model,
      ModelDirectory other,
      String text,
      int window,
      int threads,
      WeightStore store,
      Progress progress)
      throws IOException {
    if (model.config().vocabulary() != other.config().vocabulary()) {
      throw new Failure(
          "%s has logits of %d tokens, %s of %d: they cannot be compared"
              .formatted(
                  model.path(),
                  model.config().vocabulary(),
                  other.path(),
                  other.config().vocabulary()));
    }
    progress.step("tokenizing the text");
    TextWindows windows = TextWindows.of(text, model, other, window);
    progress.step("loading both models");
    try (Engine first = CpuEngine.load(model, BLOCK_TOKENS, threads, store);
        Engine second = CpuEngine.load(other, BLOCK_TOKENS, threads, store)) {
      ModelComparison comparison = new ModelComparison(first, second, windows);
      comparison.run(windows.windows(), progress);
      return comparison.sum.report(windows.windows().size(), window);
    }
  }

  private void run(List<int[]> windows, Progress progress) throws IOException {
    int longest = windows.stream().mapToInt(each -> each.length).max().orElseThrow();
    int together = together(longest, windows.size());
    try (BlockPool pool = pool(engine, longest, together);
        BlockPool otherPool = pool(other, longest, together);
        Model first = new Model(engine, pool);
        Model second = new Model(other, otherPool)) {
      for (int from = 0; from < windows.size(); from += together) {
        int to = Math.min(from + together, windows.size());
        progress.step("windows %d to %d of %d".formatted(from + 1, to, windows.size()));
        read(windows.subList(from, to), first, second);
      }
    }
  }

  private void read(List<int[]> windows, Model first, Model second) {
    first.begin(windows);
    second.begin(windows);
    int longest = windows.stream().mapToInt(each -> each.length).max().orElseThrow();
    // The last token of a window predicts nothing.
    for (int position = 0; position < longest - 1; position++) {
      int at = position;
      List<float[]> logits = first.step(windows, at);
      List<float[]> others = second.step(windows, at);
      if (at + 1 < text.first()) {
        continue;
      }
      List<Integer> tokens =
          windows.stream().filter(each -> at + 1 < each.length).map(each -> each[at + 1]).toList();
      IntStream.range(0, logits.size())
          .parallel()
          .mapToObj(i -> Agreement.of(logits.get(i), others.get(i), tokens.get(i)))
          .toList()
          .forEach(sum::add);
    }
  }

  private int together(int longest, int windows) throws IOException {
    long each =
        (long) engine.layout().blockBytes() * engine.layout().blocksFor(longest)
            + (long) other.layout().blockBytes() * other.layout().blocksFor(longest)
            + 2L * Float.BYTES * engine.vocabulary();
    // Half of what there is: the engines' own scratch memory grows too.
    long fit = AvailableMemory.bytes() / 2 / each;
    if (fit < 1) {
      throw new Failure(
          "a window of %d tokens needs %d MiB of memory beside both models: use a smaller --window"
              .formatted(longest, (2 * each) >> 20));
    }
    return (int) Math.min(Math.min(fit, MOST_WINDOWS), windows);
  }

  private static BlockPool pool(Engine engine, int tokens, int sequences) {
    return new BlockPool(engine.layout(), engine.layout().blocksFor(tokens) * sequences);
  }

  /** One of both, with the KV and the logits of all windows under way. */
  private static final class Model implements AutoCloseable {
    private final Engine engine;
    private final BlockPool pool;
    private final List<List<Block>> tables = new ArrayList<>();
    private final List<float[]> logits = new ArrayList<>();

    Model(Engine engine, BlockPool pool) {
      this.engine = engine;
      this.pool = pool;
    }

    void begin(List<int[]> windows) {
      close();
      for (int[] window : windows) {
        List<Block> table = pool.tryReserve(engine.layout().blocksFor(window.length));
        if (table == null) {
          throw new IllegalStateException("the pool has room for all windows");
        }
        tables.add(table);
        if (logits.size() < tables.size()) {
          logits.add(new float[engine.vocabulary()]);
        }
      }
    }

    /** Gives the blocks of its windows back. */
    @Override
    public void close() {
      tables.forEach(pool::release);
      tables.clear();
    }

    /** One token of every window that has one more after it; its logits, in the same order. */
    List<float[]> step(List<int[]> windows, int position) {
      List<Span> batch = new ArrayList<>();
      List<float[]> results = new ArrayList<>();
      for (int i = 0; i < windows.size(); i++) {
        int[] window = windows.get(i);
        if (position + 1 < window.length) {
          int[] token = {window[position]};
          batch.add(new Span(token, position, tables.get(i), logits.get(i)));
          results.add(logits.get(i));
        }
      }
      engine.run(batch);
      return results;
    }
  }
}
