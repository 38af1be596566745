package dev.baton.engine.emulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.baton.engine.EngineException;
import dev.baton.engine.LayerListener;
import dev.baton.engine.Span;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.model.PublishedModels;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An engine that computes nothing: its bytes, its checks and its time. */
class EmulatedEngineTest {
  private static final int VOCABULARY = 1000;
  private static final int BLOCK_TOKENS = 16;
  private static final EmulatedModel MODEL =
      EmulatedModel.of(
          "llama-3.1-8b",
          PublishedModels.config("llama-3.1-8b").orElseThrow(),
          VOCABULARY,
          BLOCK_TOKENS,
          1.0 / 64);

  /** A second a prompt token and 0.1 a cached one; 10 a decode step, 1 a sequence, 0.01 context. */
  private static final StepTimes TIMES =
      new StepTimes() {
        @Override
        public double prefillSeconds(long newTokens, long cachedTokens) {
          return newTokens + 0.1 * cachedTokens;
        }

        @Override
        public double decodeSeconds(int batch, long totalContext) {
          return 10 + batch + 0.01 * totalContext;
        }
      };

  private final FakePace pace = new FakePace();
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final List<List<Block>> taken = new ArrayList<>();
  private BlockPool pool;
  private EmulatedEngine engine;

  /** Time that passes only where somebody waits. */
  private static final class FakePace implements Pace {
    private long now = 7;

    @Override
    public long nanos() {
      return now;
    }

    @Override
    public void until(long nanos) {
      now = Math.max(now, nanos);
    }
  }

  @BeforeEach
  void start() {
    pool = new BlockPool(MODEL.layout(), 160);
    engine = new EmulatedEngine(MODEL, TIMES, pace);
  }

  @AfterEach
  void stop() {
    engine.close();
    taken.forEach(pool::release);
    pool.close();
  }

  @Test
  void chunkingAndBatchingChangeNoByteAndNoLogit() {
    int[] tokens = tokens(100);
    List<Block> whole = blocks(7);
    List<Block> chunked = blocks(7);
    List<Block> other = blocks(7);
    float[] expected = logits();
    float[] actual = logits();

    engine.run(List.of(new Span(tokens, 0, whole, expected)));
    for (int at = 0; at < tokens.length; ) {
      int to = Math.min(tokens.length, at + 1 + random.nextInt(40));
      Span span = new Span(Arrays.copyOfRange(tokens, at, to), at, chunked, actual);
      engine.run(List.of(new Span(tokens(30), 0, other, logits()), span));
      at = to;
    }

    assertThat(actual).as("seed %d", seed).isEqualTo(expected);
    for (int i = 0; i < whole.size(); i++) {
      assertThat(bytes(chunked.get(i)))
          .as("seed %d, block %d", seed, i)
          .isEqualTo(bytes(whole.get(i)));
    }
  }

  @Test
  void anotherEngineGoesOnWithTheSameKv() {
    int[] tokens = tokens(50);
    List<Block> blocks = blocks(4);
    engine.run(List.of(new Span(tokens, 0, blocks, null)));
    float[] here = decode(engine, 3, 50, blocks);

    try (EmulatedEngine there = new EmulatedEngine(MODEL, TIMES, pace);
        BlockPool thatPool = new BlockPool(MODEL.layout(), 4)) {
      List<Block> copied = Objects.requireNonNull(thatPool.tryReserve(4));
      for (int i = 0; i < 4; i++) {
        copied.get(i).bytes().copyFrom(blocks.get(i).bytes());
      }
      assertThat(decode(there, 3, 50, copied)).isEqualTo(here);
      assertThat(there.wrongSpans()).isZero();
      thatPool.release(copied);
    }
  }

  @Test
  void otherTokensAtAnyPlaceGiveOtherLogits() {
    int[] tokens = tokens(40);
    float[] expected = logits();
    engine.run(List.of(new Span(tokens, 0, blocks(3), expected)));
    for (int i = 0; i < tokens.length; i++) {
      int[] changed = tokens.clone();
      changed[i] = (changed[i] + 1) % VOCABULARY;
      float[] actual = logits();
      List<Block> blocks = blocks(3);
      engine.run(List.of(new Span(changed, 0, blocks, actual)));
      assertThat(actual).as("seed %d, position %d", seed, i).isNotEqualTo(expected);
    }
  }

  @Test
  void anyWrongByteOfEarlierKvFailsItsSequenceAndNoOther() {
    List<Block> good = blocks(3);
    List<Block> bad = blocks(3);
    engine.run(List.of(new Span(tokens(40), 0, good, null), new Span(tokens(40), 0, bad, null)));
    float[] expected = decode(engine, 5, 40, good);
    for (int i = 0; i < 300; i++) {
      long at = usedByte(40);
      Block block = bad.get((int) (at / MODEL.layout().blockBytes()));
      long offset = at % MODEL.layout().blockBytes();
      byte before = block.bytes().get(ValueLayout.JAVA_BYTE, offset);
      block.bytes().set(ValueLayout.JAVA_BYTE, offset, (byte) (before ^ (1 << random.nextInt(8))));
      float[] wrong = logits();
      float[] right = logits();

      engine.run(
          List.of(
              new Span(new int[] {5}, 40, bad, wrong), new Span(new int[] {5}, 40, good, right)));

      assertThat(wrong).as("seed %d, byte %d", seed, at).containsOnly(Float.NaN);
      assertThat(right).isEqualTo(expected);
      assertThat(engine.wrongSpans()).isEqualTo(i + 1);
      block.bytes().set(ValueLayout.JAVA_BYTE, offset, before);
    }
  }

  @Test
  void aBlockOfAnotherSequenceIsSeen() {
    List<Block> mine = blocks(3);
    List<Block> others = blocks(3);
    engine.run(List.of(new Span(tokens(48), 0, mine, null), new Span(tokens(48), 0, others, null)));
    List<Block> mixed = new ArrayList<>(mine);
    mixed.set(1, others.get(1));
    mixed.add(blocks(1).getFirst());

    assertThat(decode(engine, 5, 48, mixed)).containsOnly(Float.NaN);
  }

  @Test
  void blocksInTheWrongOrderAndZeroesAreSeen() {
    List<Block> blocks = blocks(4);
    engine.run(List.of(new Span(tokens(48), 0, blocks, null)));
    List<Block> swapped = List.of(blocks.get(1), blocks.get(0), blocks.get(2), blocks.get(3));
    assertThat(decode(engine, 5, 48, swapped)).containsOnly(Float.NaN);

    blocks.get(2).bytes().fill((byte) 0);
    assertThat(decode(engine, 5, 48, blocks)).containsOnly(Float.NaN);
  }

  @Test
  void aSpanThatWantsNoLogitsFailsTheBatch() {
    List<Block> blocks = blocks(4);
    engine.run(List.of(new Span(tokens(48), 0, blocks, null)));
    blocks.get(2).bytes().fill((byte) 0);

    assertThatExceptionOfType(EngineException.class)
        .isThrownBy(() -> engine.run(List.of(new Span(tokens(2), 48, blocks, null))))
        .withMessageContaining("positions 32 to 47 of 48");
  }

  @Test
  void aStepTakesTheTimeOfItsPromptsAndOfItsDecodingTogether() {
    List<Block> prompt = blocks(3);
    List<Block> decoding = blocks(3);
    engine.run(List.of(new Span(tokens(40), 0, decoding, null)));
    engine.run(List.of(new Span(tokens(8), 0, prompt, null)));
    long start = pace.now;
    List<Long> at = new ArrayList<>();
    LayerListener listener = (span, layer, end) -> at.add(pace.now - start);

    engine.run(
        List.of(
            new Span(tokens(20), 8, prompt, null), new Span(new int[] {1}, 40, decoding, logits())),
        listener);

    double seconds = (20 + 0.1 * 8) + (10 + 1 + 0.01 * 41);
    assertThat(pace.now - start).isEqualTo((long) (seconds * 1e9));
    int layers = MODEL.layout().layers();
    assertThat(at).hasSize(2 * layers);
    assertThat(at.getFirst()).isEqualTo((long) (seconds * 1e9) / layers);
  }

  @Test
  void aBatchThatDoesNotFitIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> engine.run(List.of(new Span(new int[] {VOCABULARY}, 0, blocks(1), null))));
  }

  private float[] decode(EmulatedEngine with, int token, int start, List<Block> blocks) {
    float[] logits = logits();
    with.run(List.of(new Span(new int[] {token}, start, blocks, logits)));
    return logits;
  }

  /** A byte that belongs to a position before {@code tokens}, counted over the blocks. */
  private long usedByte(int tokens) {
    int slotBytes = MODEL.layout().planeBytes() / BLOCK_TOKENS;
    int position = random.nextInt(tokens);
    int plane = random.nextInt(MODEL.layout().planes());
    return (long) position / BLOCK_TOKENS * MODEL.layout().blockBytes()
        + (long) plane * MODEL.layout().planeBytes()
        + (long) position % BLOCK_TOKENS * slotBytes
        + random.nextInt(slotBytes);
  }

  private int[] tokens(int count) {
    return random.ints(count, 0, VOCABULARY).toArray();
  }

  private List<Block> blocks(int count) {
    List<Block> blocks = Objects.requireNonNull(pool.tryReserve(count));
    taken.add(blocks);
    return blocks;
  }

  private static float[] logits() {
    return new float[VOCABULARY];
  }

  private static byte[] bytes(Block block) {
    return block.bytes().toArray(ValueLayout.JAVA_BYTE);
  }
}
