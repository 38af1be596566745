package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.engine.Span;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.model.Family;
import dev.baton.model.ModelConfig;
import dev.baton.model.ModelDirectory;
import dev.baton.model.weights.WeightDtype;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Logits and KV are the same bits however a sequence is computed: by every family with every type
 * of weights, in a small model of odd shape that the seed draws. The reference computes token by
 * token, alone, on one thread. All memory holds garbage, another one for each sequence, where
 * nothing was written.
 */
class CpuEngineDeterminismTest {
  private static final String KINDS = "dev.baton.engine.cpu.SmallModel#kinds";
  private static final int[] CHUNKS = {1, 3, 16, 17, Integer.MAX_VALUE};
  private static final int BLOCKS = 400;

  @TempDir private Path directory;

  @ParameterizedTest
  @MethodSource(KINDS)
  void chunkSizesAndThreadCountsChangeNoBit(Family family, WeightDtype dtype) {
    Case drawn = new Case(family, dtype, 1);
    int[] tokens = drawn.tokens(60 + drawn.random.nextInt(40));
    Reference reference = drawn.reference(tokens);
    for (int threads = 1; threads <= 3; threads++) {
      try (CpuEngine engine = drawn.engine(threads);
          Pool pool = new Pool(engine)) {
        for (int chunk : CHUNKS) {
          Sequence other = pool.sequence(tokens, List.of()).run(engine, chunk);
          reference.requireEqual(other, "%d threads, chunks of %d".formatted(threads, chunk));
        }
      }
    }
  }

  /** Each sequence arrives when chance lets it, and joins and leaves batches at any time. */
  @ParameterizedTest
  @MethodSource(KINDS)
  void batchCompositionAndOrderOfArrivalChangeNoBit(Family family, WeightDtype dtype) {
    Case drawn = new Case(family, dtype, 2);
    List<int[]> all = new ArrayList<>();
    List<Reference> references = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      all.add(drawn.tokens(1 + drawn.random.nextInt(70)));
      references.add(drawn.reference(all.get(i)));
    }
    try (CpuEngine engine = drawn.engine(1 + drawn.random.nextInt(3));
        Pool pool = new Pool(engine)) {
      List<Sequence> sequences = new ArrayList<>();
      all.forEach(tokens -> sequences.add(pool.sequence(tokens, List.of())));
      drawn.runInterleaved(engine, sequences);
      for (int i = 0; i < sequences.size(); i++) {
        references.get(i).requireEqual(sequences.get(i), "sequence " + i);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(KINDS)
  void cachedPrefixesChangeNoBit(Family family, WeightDtype dtype) {
    Case drawn = new Case(family, dtype, 3);
    int[] tokens = drawn.tokens(80);
    Reference reference = drawn.reference(tokens);
    try (CpuEngine one = drawn.engine(1);
        CpuEngine other = drawn.engine(2);
        Pool pool = new Pool(one);
        Pool elsewhere = new Pool(other)) {
      Sequence first = pool.sequence(tokens, List.of()).run(one, 16);
      for (int cached = 1; cached <= 79 / one.layout().blockTokens(); cached++) {
        List<Block> prefix = first.blocks().subList(0, cached);
        List<Sequence> both = List.of(pool.sequence(tokens, prefix), pool.sequence(tokens, prefix));
        drawn.runInterleaved(one, both);
        for (Sequence each : both) {
          reference.requireEqual(each, cached + " blocks shared");
        }
        Sequence moved = elsewhere.sequence(tokens, elsewhere.copies(prefix)).run(other, 17);
        reference.requireEqual(moved, cached + " blocks copied");
      }
    }
  }

  /**
   * A stream that lost its decode worker at any token: another worker reads prompt and delivered
   * tokens at once, and goes on one by one.
   */
  @ParameterizedTest
  @MethodSource(KINDS)
  void recoveryAtAnyPositionChangesNoBit(Family family, WeightDtype dtype) {
    Case drawn = new Case(family, dtype, 4);
    int[] tokens = drawn.tokens(50);
    Reference reference = drawn.reference(tokens);
    try (CpuEngine engine = drawn.engine(2);
        Pool pool = new Pool(engine)) {
      for (int delivered = 1; delivered <= tokens.length; delivered++) {
        Sequence recovered = pool.sequence(tokens, List.of());
        engine.run(List.of(recovered.next(engine, delivered)));
        recovered.run(engine, 1);
        reference.requireEqual(recovered, "recovered after %d tokens".formatted(delivered));
        pool.giveBack(recovered);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(KINDS)
  void batchesOfMoreRowsThanOnePassTakesChangeNoBit(Family family, WeightDtype dtype) {
    Case drawn = new Case(family, dtype, 5);
    int[] tokens = drawn.tokens(Rows.MOST + 77);
    try (CpuEngine engine = drawn.engine(2);
        Pool pool = new Pool(engine)) {
      Sequence small = pool.sequence(tokens, List.of()).run(engine, 100);
      Sequence whole = pool.sequence(tokens, List.of()).run(engine, tokens.length);
      assertThat(whole.logits().get(tokens.length - 1))
          .containsExactly(Objects.requireNonNull(small.logits().get(tokens.length - 1)));
      assertThat(whole.bytes()).isEqualTo(small.bytes());
    }
  }

  /** A model and a source of choices, both of one seed, which the kind and the test make. */
  private final class Case {
    final SplittableRandom random;
    private final ModelDirectory model;
    private final int blockTokens;
    private final int vocabulary;

    Case(Family family, WeightDtype dtype, int test) {
      long seed = Objects.hash(family.name(), dtype.name(), test);
      random = new SplittableRandom(seed);
      ModelConfig config = SmallModel.ofKind(family, dtype, random);
      vocabulary = config.vocabulary();
      blockTokens = new int[] {16, 16, 5, 32}[random.nextInt(4)];
      model = SmallModel.write(directory.resolve("model"), config, dtype, seed);
    }

    CpuEngine engine(int threads) {
      return CpuEngine.load(model, blockTokens, threads);
    }

    int[] tokens(int count) {
      return random.ints(count, 0, vocabulary).toArray();
    }

    Reference reference(int[] tokens) {
      try (CpuEngine engine = engine(1);
          Pool pool = new Pool(engine)) {
        return new Reference(pool.sequence(tokens, List.of()).run(engine, 1));
      }
    }

    /** Batches of random members, chunk sizes and order until all are finished. */
    void runInterleaved(CpuEngine engine, List<Sequence> sequences) {
      while (true) {
        List<Sequence> unfinished =
            new ArrayList<>(sequences.stream().filter(each -> !each.finished()).toList());
        if (unfinished.isEmpty()) {
          return;
        }
        Collections.shuffle(unfinished, new Random(random.nextLong()));
        List<Span> batch = new ArrayList<>();
        for (Sequence each : unfinished.subList(0, 1 + random.nextInt(unfinished.size()))) {
          int chunk = CHUNKS[random.nextInt(CHUNKS.length)];
          batch.add(each.next(engine, Math.min(chunk, each.left())));
        }
        engine.run(batch);
      }
    }
  }

  /** What a sequence must come to. */
  private static final class Reference {
    private final Sequence sequence;
    private final List<String> bytes;

    Reference(Sequence sequence) {
      this.sequence = sequence;
      this.bytes = sequence.bytes();
    }

    void requireEqual(Sequence other, String how) {
      other
          .logits()
          .forEach((position, logits) ->
              assertThat(logits)
                  .as("%s: logits at %d", how, position)
                  .doesNotContain(Float.NaN)
                  .containsExactly(Objects.requireNonNull(sequence.logits().get(position))));
      assertThat(other.bytes()).as("%s: KV", how).isEqualTo(bytes);
    }
  }

  /** A pool that gives everything back at the end. */
  private static final class Pool implements AutoCloseable {
    private final BlockPool pool;
    private final List<Block> taken = new ArrayList<>();

    Pool(CpuEngine engine) {
      pool = new BlockPool(engine.layout(), BLOCKS);
    }

    Sequence sequence(int[] tokens, List<Block> cached) {
      Sequence sequence = new Sequence(tokens, cached, pool);
      List<Block> blocks = sequence.blocks();
      taken.addAll(blocks.subList(cached.size(), blocks.size()));
      return sequence;
    }

    /** Copies of another pool's blocks, as a handoff makes them. */
    List<Block> copies(List<Block> others) {
      List<Block> copies = Objects.requireNonNull(pool.tryReserve(others.size()));
      taken.addAll(copies);
      for (int i = 0; i < copies.size(); i++) {
        MemorySegment.copy(
            others.get(i).bytes(), 0, copies.get(i).bytes(), 0, copies.get(i).bytes().byteSize());
      }
      return copies;
    }

    void giveBack(Sequence sequence) {
      taken.removeAll(sequence.blocks());
      pool.release(sequence.blocks());
    }

    @Override
    public void close() {
      pool.release(taken);
      pool.close();
    }
  }
}
