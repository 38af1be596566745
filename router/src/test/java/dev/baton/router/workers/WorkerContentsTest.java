package dev.baton.router.workers;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.baton.kv.BlockKey;
import dev.baton.kv.PackedKeys;
import dev.baton.proto.internal.v1.Delta;
import dev.baton.proto.internal.v1.Heartbeat;
import dev.baton.proto.internal.v1.KeyRun;
import dev.baton.proto.internal.v1.KvTier;
import dev.baton.proto.internal.v1.SnapshotPart;
import dev.baton.proto.internal.v1.WatchResponse;
import dev.baton.router.index.PrefixIndex;
import dev.baton.router.index.PrefixMatches;
import dev.baton.router.placement.WorkerRef;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WorkerContentsTest {
  private static final long EPOCH = 7;
  private static final BlockKey ONE = new BlockKey(11, 12);
  private static final BlockKey TWO = new BlockKey(21, 22);

  private final PrefixIndex index = new PrefixIndex(1 << 20, 10);
  private final WorkerContents contents = new WorkerContents(index, new WorkerRef("w", EPOCH));
  private long sequence;

  @BeforeEach
  void open() {
    contents.opened();
    sequence = 0;
  }

  private WatchResponse.Builder event(long epoch) {
    return WatchResponse.newBuilder().setSequence(++sequence).setEpoch(epoch);
  }

  private static KeyRun run(boolean removed, BlockKey... keys) {
    return KeyRun.newBuilder()
        .setTier(KvTier.KV_TIER_MEMORY)
        .setRemoved(removed)
        .setKeys(ByteString.copyFrom(PackedKeys.of(List.of(keys)).bytes()))
        .build();
  }

  private boolean snapshot(long epoch, boolean first, boolean last, BlockKey... keys) {
    return contents.heard(
        event(epoch)
            .setSnapshot(
                SnapshotPart.newBuilder().setFirst(first).setLast(last).addRuns(run(false, keys)))
            .build());
  }

  private boolean delta(long epoch, KeyRun run) {
    return contents.heard(event(epoch).setDelta(Delta.newBuilder().addRuns(run)).build());
  }

  private List<BlockKey> believed() {
    PrefixMatches matches = index.matches();
    return Stream.of(ONE, TWO)
        .filter(key -> {
          index.lookup(PackedKeys.of(List.of(key)), matches);
          return contents.blocks(matches) == 1;
        })
        .toList();
  }

  @Test
  void aSnapshotCountsWhenItIsWholeAndLeavesNothingOfTheOneBefore() {
    snapshot(EPOCH, true, true, ONE);
    assertThat(snapshot(EPOCH, true, false, TWO)).isTrue();
    assertThat(believed()).containsExactly(ONE);
    assertThat(snapshot(EPOCH, false, true)).isTrue();
    assertThat(believed()).containsExactly(TWO);
    index.sweep();
    assertThat(index.usage().entries()).isEqualTo(1);
  }

  @Test
  void aSnapshotThatBeginsAnewForgetsItsFirstTry() {
    snapshot(EPOCH, true, false, ONE);
    open();
    snapshot(EPOCH, true, true, TWO);
    assertThat(believed()).containsExactly(TWO);
    index.sweep();
    assertThat(index.usage().entries()).isEqualTo(1);
  }

  @Test
  void changesWithoutASnapshotBeforeThemAskForOneAndChangeNothing() {
    snapshot(EPOCH, true, true, ONE);
    open();
    assertThat(delta(EPOCH, run(false, TWO))).isFalse();
    assertThat(believed()).as("what was believed stays").containsExactly(ONE);
  }

  @Test
  void aMissingNumberAsksForASnapshotARepeatedOneIsIgnored() {
    snapshot(EPOCH, true, true, ONE);
    assertThat(delta(EPOCH, run(false, TWO))).isTrue();
    sequence--;
    assertThat(delta(EPOCH, run(true, TWO))).isTrue();
    assertThat(believed()).containsExactly(ONE, TWO);
    sequence++;
    assertThat(delta(EPOCH, run(true, TWO))).isFalse();
    assertThat(believed()).containsExactly(ONE, TWO);
  }

  @Test
  void whatAnotherIncarnationSaysIsNotBelieved() {
    snapshot(EPOCH, true, true, ONE);
    assertThat(snapshot(EPOCH + 1, true, true, TWO)).isTrue();
    assertThat(delta(EPOCH + 1, run(true, ONE))).isTrue();
    assertThat(believed()).containsExactly(ONE);
    assertThat(contents.heard(event(EPOCH).setHeartbeat(Heartbeat.getDefaultInstance()).build()))
        .as("this one has to begin with a snapshot again")
        .isFalse();
  }

  @Test
  void afterItsEndNothingIsBelievedNorTakenIn() {
    snapshot(EPOCH, true, true, ONE);
    contents.close();
    snapshot(EPOCH, true, true, TWO);
    assertThat(believed()).isEmpty();
    index.sweep();
    assertThat(index.usage().entries()).isZero();
  }
}
