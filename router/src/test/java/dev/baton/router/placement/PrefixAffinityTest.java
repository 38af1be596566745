package dev.baton.router.placement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.BlockKey;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PrefixAffinityTest {
  private static final WorkerRef P1 = new WorkerRef("p1", 1);
  private static final WorkerRef P2 = new WorkerRef("p2", 1);

  private static List<BlockKey> keys(long from, long to) {
    return LongStream.range(from, to).mapToObj(i -> new BlockKey(i, i)).toList();
  }

  @Test
  void leadingBlocksAreCountedUpToTheFirstGap() {
    PrefixAffinity affinity = new PrefixAffinity(100);
    affinity.learn(keys(0, 3), P1);
    affinity.learn(keys(5, 7), P1);
    affinity.learn(keys(0, 1), P2);
    assertThat(affinity.leadingBlocks(keys(0, 7)))
        .containsEntry(P1, 3)
        .containsEntry(P2, 1)
        .hasSize(2);
    assertThat(affinity.leadingBlocks(keys(1, 3))).containsEntry(P1, 2).hasSize(1);
    assertThat(affinity.leadingBlocks(keys(50, 52))).isEmpty();
    assertThat(affinity.leadingBlocks(List.of())).isEmpty();
  }

  @Test
  void anotherIncarnationReplacesTheEarlierOne() {
    PrefixAffinity affinity = new PrefixAffinity(100);
    affinity.learn(keys(0, 2), P1);
    WorkerRef restarted = new WorkerRef("p1", 2);
    affinity.learn(keys(0, 1), restarted);
    assertThat(affinity.leadingBlocks(keys(0, 2))).containsExactly(Map.entry(restarted, 1));
  }

  @Test
  void memoryIsBoundedAndTheHeadOfAChainIsForgottenLast() {
    PrefixAffinity affinity = new PrefixAffinity(10);
    affinity.learn(keys(0, 8), P1);
    affinity.learn(keys(100, 106), P2);
    assertThat(affinity.size()).isEqualTo(10);
    assertThat(affinity.leadingBlocks(keys(0, 8))).containsEntry(P1, 4);
    assertThat(affinity.leadingBlocks(keys(100, 106))).containsEntry(P2, 6);
  }

  @Test
  void whatIsAskedForStaysWhatIsNotGoes() {
    PrefixAffinity affinity = new PrefixAffinity(8);
    affinity.learn(keys(0, 4), P1);
    affinity.learn(keys(10, 14), P1);
    affinity.leadingBlocks(keys(0, 4));
    affinity.learn(keys(20, 22), P1);
    assertThat(affinity.leadingBlocks(keys(0, 4))).containsEntry(P1, 4);
    assertThat(affinity.leadingBlocks(keys(10, 14))).containsEntry(P1, 2);
  }

  @Test
  void onlyTheLatestFewWorkersOfAKeyAreKept() {
    PrefixAffinity affinity = new PrefixAffinity(8);
    for (int i = 0; i < 12; i++) {
      affinity.learn(keys(0, 1), new WorkerRef("p" + i, 1));
    }
    assertThat(affinity.leadingBlocks(keys(0, 1)).keySet())
        .extracting(WorkerRef::id)
        .containsExactlyInAnyOrder("p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11");
  }
}
