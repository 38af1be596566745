package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.engine.Span;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneKind;
import dev.baton.kv.PlaneOrder;
import dev.baton.model.ModelConfig;
import dev.baton.model.ModelDirectory;
import dev.baton.model.weights.WeightDtype;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpuEngineSpansTest {
  /** Two spans of these do not fit into one pass, and end within a block. */
  private static final int[] SOME_TOKENS =
      new SplittableRandom(4).ints(Rows.MOST - 60, 0, 97).toArray();

  @TempDir private static Path directory;
  private CpuEngine engine;
  private BlockPool pool;
  private List<Block> blocks;

  CpuEngineSpansTest() {
    ModelConfig config = SmallModel.config(new SplittableRandom(3));
    ModelDirectory model = SmallModel.write(directory.resolve("model"), config, WeightDtype.F32, 3);
    engine = CpuEngine.load(model, 16, 2);
    pool = new BlockPool(engine.layout(), 60);
    blocks = Objects.requireNonNull(pool.tryReserve(60));
  }

  @BeforeEach
  void fillWithGarbage() {
    blocks.forEach(each -> each.bytes().fill((byte) 0xff));
  }

  @AfterEach
  void close() {
    pool.release(blocks);
    pool.close();
    engine.close();
  }

  @Test
  void spansThatDoNotFitAreRefusedByName() {
    requireRefused("span[0].end: 701, expected at most the context of 700", span(700, 0, 1));
    requireRefused("span[0].end: 2147483648", span(Integer.MAX_VALUE, 0, 1));
    requireRefused("span[0].tokens[1]: 97, expected an id", span(0, 0, 50, 5, 97));
    requireRefused("span[0].tokens[0]: -1, expected an id", span(0, 0, 50, -1));
    requireRefused("span[0].blocks: 1, expected 2", span(16, 0, 1, 5));
    requireRefused(
        "span[0].logits: 5, expected the vocabulary's 97",
        new Span(new int[] {1}, 0, blocks, new float[5]));
    requireRefused("span[1].tokens[0]: 97", span(0, 0, 1, 5), span(0, 1, 2, 97));
  }

  @Test
  void blocksUsedTwiceInABatchAreRefused() {
    requireRefused("span[1].blocks[0]: Block[3]", span(0, 3, 4, 5), span(0, 3, 4, 5));
    requireRefused("span[0].blocks[0]: Block[3]", span(16, 3, 5, 5), span(0, 3, 4, 5));
    Block block = blocks.getFirst();
    requireRefused(
        "span[0].blocks[1]: Block[0]", new Span(new int[17], 0, List.of(block, block), null));
    requireRefused(
        "span[0].blocks[0]: Block[0]", new Span(new int[1], 16, List.of(block, block), null));
  }

  @Test
  void blockOfAnotherLayoutIsRefused() {
    Layout other = new Layout(1, 1, 2, KvDtype.F32, 1, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
    try (BlockPool strange = new BlockPool(other, 1)) {
      List<Block> wrong = Objects.requireNonNull(strange.tryReserve(1));
      requireRefused("span[0].blocks[0]: 16 bytes, expected", new Span(new int[1], 0, wrong, null));
      strange.release(wrong);
    }
  }

  @Test
  void whatALayerWasSaidToHoldIsFinalThoughTheBatchTakesSeveralPasses() {
    Span longer = span(0, 0, 30, SOME_TOKENS);
    Span other = span(0, 30, 60, SOME_TOKENS);
    List<Span> batch = List.of(longer, other);
    Map<Span, int[]> told = new IdentityHashMap<>();
    List<Runnable> checks = new ArrayList<>();
    batch.forEach(span -> told.put(span, new int[engine.layout().layers()]));

    engine.run(
        batch,
        (span, layer, end) -> {
          int before = Objects.requireNonNull(told.get(span))[layer];
          assertThat(end).isBetween(before + 1, span.end());
          Objects.requireNonNull(told.get(span))[layer] = end;
          // A block that is filled to its end: no later position may touch it either.
          for (int block = before / 16; block < end / 16; block++) {
            for (PlaneKind kind : PlaneKind.values()) {
              MemorySegment plane = span.blocks().get(block).plane(layer, kind);
              byte[] then = plane.toArray(ValueLayout.JAVA_BYTE);
              checks.add(() ->
                  assertThat(plane.toArray(ValueLayout.JAVA_BYTE))
                      .isEqualTo(then)
                      .isNotEqualTo(new byte[then.length]));
            }
          }
        });

    told.values().forEach(ends -> assertThat(ends).containsOnly(SOME_TOKENS.length));
    assertThat(checks).hasSize(2 * 2 * engine.layout().layers() * (SOME_TOKENS.length / 16));
    checks.forEach(Runnable::run);
  }

  @Test
  void sharedPrefixMayBeReadByManyOfABatch() {
    engine.run(List.of(span(0, 0, 1, new int[16])));
    Span one = new Span(new int[] {1}, 16, List.of(blocks.get(0), blocks.get(1)), null);
    Span two = new Span(new int[] {1}, 16, List.of(blocks.get(0), blocks.get(2)), null);
    engine.run(List.of(one, two));
    assertThat(bytes(blocks.get(1))).isEqualTo(bytes(blocks.get(2)));
  }

  @Test
  void unusedSlotsOfANewBlockAreZeroAndOtherBlocksAreNotTouched() {
    engine.run(List.of(span(0, 0, 3, new int[17])));
    Layout layout = engine.layout();
    float[] second = blocks.get(1).bytes().toArray(ValueLayout.JAVA_FLOAT);
    int written = 0;
    for (float each : second) {
      assertThat(each).isFinite();
      written += each != 0 ? 1 : 0;
    }
    assertThat(written).isEqualTo(2 * layout.layers() * layout.kvHeads() * layout.headSize());
    assertThat(bytes(blocks.get(2))).containsOnly((byte) 0xff);
  }

  @Test
  void laterPositionsOfABlockKeepTheEarlierOnes() {
    engine.run(List.of(span(0, 0, 1, 1, 2, 3)));
    byte[] before = bytes(blocks.getFirst());
    engine.run(List.of(span(3, 0, 1, 4)));
    byte[] after = bytes(blocks.getFirst());
    int changed = 0;
    for (int i = 0; i < before.length; i += Float.BYTES) {
      boolean same = true;
      for (int b = 0; b < Float.BYTES; b++) {
        same &= before[i + b] == after[i + b];
      }
      changed += same ? 0 : 1;
    }
    Layout layout = engine.layout();
    assertThat(changed).isEqualTo(2 * layout.layers() * layout.kvHeads() * layout.headSize());
  }

  @Test
  void emptyBatchDoesNothing() {
    engine.run(List.of());
    assertThat(bytes(blocks.getFirst())).containsOnly((byte) 0xff);
  }

  @Test
  void closedEngineRefusesToRun() {
    engine.close();
    engine.close();
    assertThatThrownBy(() -> engine.run(List.of(span(0, 0, 1, 1))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  private void requireRefused(String message, Span... batch) {
    assertThatThrownBy(() -> engine.run(List.of(batch)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
    assertThat(blocks)
        .as("memory is untouched")
        .allSatisfy(each -> assertThat(bytes(each)[0]).isEqualTo((byte) 0xff));
  }

  private Span span(int start, int firstBlock, int blockEnd, int... tokens) {
    float @Nullable [] none = null;
    int[] some = tokens.length == 0 ? new int[] {1} : tokens;
    return new Span(some, start, blocks.subList(firstBlock, blockEnd), none);
  }

  private static byte[] bytes(Block block) {
    return block.bytes().toArray(ValueLayout.JAVA_BYTE);
  }
}
