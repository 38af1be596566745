package dev.baton.engine.shared;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.engine.Engine;
import dev.baton.engine.LayerListener;
import dev.baton.engine.Span;
import dev.baton.engine.cpu.CpuEngine;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.model.ModelDirectory;
import dev.baton.model.random.RandomModel;
import dev.baton.model.weights.WeightDtype;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With the real engine, a prompt in pieces beside an answer makes the bits that it makes alone. */
class SharedCpuEngineTest {
  private static final int PROMPT = 150;
  private static final int ANSWER = 40;
  private static final int CHUNK = 7;

  @TempDir private Path directory;

  /** Logits of each token of an answer, or of a prompt's last, and the KV. */
  private record Computed(List<float[]> logits, List<byte[]> kv) {
    void requireEqual(Computed other) {
      assertThat(other.logits).hasSameSizeAs(logits);
      for (int i = 0; i < logits.size(); i++) {
        assertThat(other.logits.get(i)).as("logits %d", i).isEqualTo(logits.get(i));
      }
      assertThat(other.kv).as("KV").usingElementComparator(Arrays::compare).isEqualTo(kv);
    }
  }

  private static Computed prompt(Engine engine, BlockPool pool) {
    List<Block> blocks = blocks(engine, pool, PROMPT);
    int[] tokens = IntStream.range(0, PROMPT).map(i -> i * 31 % 500).toArray();
    float[] logits = new float[engine.vocabulary()];
    engine.run(List.of(new Span(tokens, 0, blocks, logits)));
    return taken(pool, blocks, List.of(logits));
  }

  private static Computed answer(Engine engine, BlockPool pool, LayerListener first) {
    List<Block> blocks = blocks(engine, pool, ANSWER);
    List<float[]> all = new ArrayList<>();
    for (int i = 0; i < ANSWER; i++) {
      float[] logits = new float[engine.vocabulary()];
      engine.run(
          List.of(new Span(new int[] {i * 17 % 500}, i, blocks, logits)),
          i == 0 ? first : LayerListener.NONE);
      all.add(logits);
    }
    return taken(pool, blocks, all);
  }

  private static List<Block> blocks(Engine engine, BlockPool pool, int tokens) {
    return Objects.requireNonNull(pool.tryReserve(engine.layout().blocksFor(tokens)));
  }

  private static Computed taken(BlockPool pool, List<Block> blocks, List<float[]> logits) {
    List<byte[]> kv =
        blocks.stream().map(block -> block.bytes().toArray(ValueLayout.JAVA_BYTE)).toList();
    pool.release(blocks);
    return new Computed(logits, kv);
  }

  private static void awaitBatches(SharedEngine shared, int count) {
    while (shared.batches() < count) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aPromptInPiecesBesideAnAnswerMakesTheBitsThatEachMakesAlone() {
    Path model = directory.resolve("model");
    RandomModel.write(
        model, new RandomModel.Shape(2, 64, 96, 4, 2, 512, 1024, true, WeightDtype.BF16), 5);
    try (Engine engine = CpuEngine.load(ModelDirectory.open(model), 16, 2);
        BlockPool pool = new BlockPool(engine.layout(), 64);
        ExecutorService loops = Executors.newCachedThreadPool()) {
      Computed promptAlone = prompt(engine, pool);
      Computed answerAlone = answer(engine, pool, LayerListener.NONE);
      SharedEngine shared =
          new SharedEngine(engine, CHUNK, List::size, _ -> Long.MAX_VALUE / 4, System::nanoTime);
      Lease decode = shared.lease();
      Lease prefill = shared.patientLease();

      var answer =
          CompletableFuture.supplyAsync(
                  () -> answer(decode, pool, (_, _, _) -> awaitBatches(shared, 2)), loops)
              .whenComplete((_, _) -> decode.close());
      awaitBatches(shared, 1);
      var prompt =
          CompletableFuture.supplyAsync(() -> prompt(prefill, pool), loops)
              .whenComplete((_, _) -> prefill.close());

      promptAlone.requireEqual(prompt.orTimeout(60, TimeUnit.SECONDS).join());
      answerAlone.requireEqual(answer.orTimeout(60, TimeUnit.SECONDS).join());
      assertThat(shared.jointSteps()).isEqualTo(Math.ceilDiv(PROMPT, CHUNK));
    }
  }
}
