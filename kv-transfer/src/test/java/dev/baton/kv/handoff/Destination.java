package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.proto.v1.SampledToken;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Reserved blocks for a prompt, filled with a pattern, and what their listener heard. */
final class Destination implements HandoffListener {
  static final byte PATTERN = 0x5A;
  static final Duration LIFETIME = Duration.ofHours(1);

  private final BlockPool pool;
  final Prompt prompt;
  final List<Block> blocks;
  final BitSet present;

  /** A {@link HandoffReceipt} or a {@link HandoffException} for each call. */
  final BlockingQueue<Object> heard = new LinkedBlockingQueue<>();

  volatile List<SampledToken> firstTokens = List.of();

  Destination(BlockPool pool, Prompt prompt, int... present) {
    this.pool = pool;
    this.prompt = prompt;
    this.blocks = pool.tryReserve(prompt.keys().size());
    this.present = new BitSet();
    for (int block : present) {
      this.present.set(block);
    }
    fill(PATTERN);
  }

  IncomingHandoff expectedBy(HandoffReceiver receiver) {
    return receiver.expect(prompt.ticket(), prompt.keys(), blocks, present, LIFETIME, this);
  }

  void fill(byte pattern) {
    blocks.forEach(block -> block.bytes().fill(pattern));
  }

  void assertUntouched() {
    assertFilledWith(PATTERN);
  }

  void assertFilledWith(byte pattern) {
    for (int block = 0; block < blocks.size(); block++) {
      assertFilledWith(pattern, block);
    }
  }

  void assertFilledWith(byte pattern, int block) {
    byte[] expected = new byte[prompt.layout().blockBytes()];
    Arrays.fill(expected, pattern);
    assertHolds(block, expected);
  }

  /** Missing blocks hold the prompt's KV, present ones what they held. */
  void assertArrived() {
    for (int block = 0; block < blocks.size(); block++) {
      if (present.get(block)) {
        assertFilledWith(PATTERN, block);
      } else {
        assertHolds(block, prompt.kv()[block]);
      }
    }
  }

  private void assertHolds(int block, byte[] expected) {
    long mismatch = blocks.get(block).bytes().mismatch(MemorySegment.ofArray(expected));
    assertThat(mismatch).as("first wrong byte of block %d", block).isEqualTo(-1);
  }

  Object nextHeard() throws InterruptedException {
    Object next = heard.poll(30, TimeUnit.SECONDS);
    assertThat(next).as("a call of the listener").isNotNull();
    return next;
  }

  HandoffException failure() throws InterruptedException {
    Object next = nextHeard();
    assertThat(next).isInstanceOf(HandoffException.class);
    return (HandoffException) next;
  }

  void release() {
    pool.release(blocks);
  }

  @Override
  public void arrived(HandoffReceipt receipt, List<SampledToken> tokens) {
    firstTokens = tokens;
    heard.add(receipt);
  }

  @Override
  public void failed(HandoffException why) {
    heard.add(why);
  }
}
