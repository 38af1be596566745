package dev.baton.cli.profile;

import dev.baton.cli.machine.Rounds;
import dev.baton.cli.shell.Progress;
import dev.baton.cluster.hardware.Curve;
import dev.baton.cluster.hardware.MeasuredCurves;
import dev.baton.cluster.hardware.Surface;
import dev.baton.engine.Engine;
import dev.baton.engine.Span;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** How long an engine takes for prompts and for decode steps of several sizes: medians. */
final class EngineTimes {
  private static final int[] PROMPTS = {16, 64, 256, 1024};
  private static final int[] BATCHES = {1, 4, 16};
  private static final int[] CONTEXTS = {64, 1024};

  private final Engine engine;
  private final Progress progress;
  private final Rounds rounds = new Rounds(3);

  EngineTimes(Engine engine, Progress progress) {
    this.engine = engine;
    this.progress = progress;
  }

  /** Measures what fits the model's context. */
  MeasuredCurves measure(String model) {
    int room = engine.contextTokens() - engine.layout().blockTokens();
    int[] prompts = IntStream.of(PROMPTS).filter(each -> each <= room).toArray();
    int[] contexts = IntStream.of(CONTEXTS).filter(each -> each <= room).toArray();
    int longest =
        Math.max(IntStream.of(prompts).max().orElse(1), IntStream.of(contexts).max().orElse(1));
    int blocks = engine.layout().blocksFor(longest) + BATCHES[BATCHES.length - 1];
    try (BlockPool pool = new BlockPool(engine.layout(), blocks)) {
      List<Block> table = pool.tryReserve(blocks);
      if (table == null) {
        throw new IllegalStateException("an empty pool has no room for " + blocks + " blocks");
      }
      MeasuredCurves curves =
          new MeasuredCurves(
              model, 1, Optional.of(prefill(prompts, table)), Optional.of(decode(contexts, table)));
      pool.release(table);
      return curves;
    }
  }

  private Curve prefill(int[] prompts, List<Block> table) {
    double[] seconds = new double[prompts.length];
    for (int i = 0; i < prompts.length; i++) {
      progress.step("prompts of " + prompts[i] + " tokens");
      seconds[i] = median(List.of(new Span(new int[prompts[i]], 0, table, logits())));
    }
    return new Curve(doubles(prompts), seconds);
  }

  private Surface decode(int[] contexts, List<Block> table) {
    List<Curve> curves = new ArrayList<>();
    for (int batch : BATCHES) {
      double[] seconds = new double[contexts.length];
      for (int i = 0; i < contexts.length; i++) {
        progress.step("steps of " + batch + " sequences with " + contexts[i] + " tokens");
        seconds[i] = median(step(batch, contexts[i], table));
      }
      curves.add(new Curve(doubles(contexts), seconds));
    }
    return new Surface(doubles(BATCHES), curves);
  }

  /** Sequences that share the blocks of their context; each has a last block of its own. */
  private List<Span> step(int batch, int context, List<Block> table) {
    int shared = context / engine.layout().blockTokens();
    int start = shared * engine.layout().blockTokens();
    engine.run(List.of(new Span(new int[start], 0, table, logits())));
    List<Span> spans = new ArrayList<>();
    for (int i = 0; i < batch; i++) {
      List<Block> blocks = new ArrayList<>(table.subList(0, shared));
      blocks.add(table.get(table.size() - 1 - i));
      spans.add(new Span(new int[1], start, blocks, logits()));
    }
    return spans;
  }

  private double median(List<Span> batch) {
    double[] seconds = rounds.seconds(() -> engine.run(batch));
    return seconds[seconds.length / 2];
  }

  private float[] logits() {
    return new float[engine.vocabulary()];
  }

  private static double[] doubles(int[] numbers) {
    return Arrays.stream(numbers).asDoubleStream().toArray();
  }
}
