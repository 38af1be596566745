package dev.baton.kv.handoff;

import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.kv.PlaneKind;
import dev.baton.proto.internal.v1.PullAccept;
import dev.baton.proto.internal.v1.PullEnd;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a pull has brought so far, without the transport: takes replies in, verifies each before a
 * byte of it is written, and publishes a block once all its planes are in.
 *
 * <p>Holds a reference to every block that it took, published or not, until {@link #release}: what
 * it brought cannot be evicted by what it brings next. Not safe for use by many threads.
 */
final class PulledPrefix {
  private final BlockPool pool;
  private final Ticket ticket;
  private final List<BlockKey> keys;
  private final List<Block> held = new ArrayList<>();
  private @Nullable FrameVerifier verifier;
  private int announced;
  private int frames;
  private boolean ended;

  /** Nothing yet of the blocks with these keys. */
  PulledPrefix(BlockPool pool, Ticket ticket, List<BlockKey> keys) {
    this.pool = pool;
    this.ticket = ticket;
    this.keys = keys;
  }

  /** Blocks published; those before the first that is not whole. */
  int blocks() {
    return frames / pool.layout().planes();
  }

  /** Bytes of these blocks. */
  long bytes() {
    return (long) blocks() * pool.layout().blockBytes();
  }

  /** Whether the source said what it has. */
  boolean accepted() {
    return verifier != null;
  }

  /**
   * Takes the source's word how many blocks will come.
   *
   * @throws HandoffException a refusal, if it came before or cannot be
   */
  void accept(PullAccept accept) throws HandoffException {
    if (verifier != null) {
      throw HandoffException.refused(Refusal.PROTOCOL, "accept: it came twice");
    }
    if (accept.getBlocks() < 0 || accept.getBlocks() > keys.size()) {
      throw HandoffException.refused(
          Refusal.COUNT,
          "accept.blocks: %s, expected at most %d"
              .formatted(Integer.toUnsignedString(accept.getBlocks()), keys.size()));
    }
    announced = accept.getBlocks();
    BitSet blocks = new BitSet();
    blocks.set(0, announced);
    verifier = new FrameVerifier(pool.layout(), ticket, keys, blocks);
  }

  /**
   * Takes a frame in.
   *
   * @return false, and nothing was written, if the pool has no room for its block
   * @throws HandoffException a refusal, if it is not exactly the next plane; nothing was written
   */
  boolean frame(FrameHeader header, Payload payload) throws HandoffException {
    FrameVerifier expected = verifier;
    if (expected == null || ended) {
      throw HandoffException.refused(
          Refusal.PROTOCOL, "reply: a frame, expected " + (ended ? "nothing more" : "Accept"));
    }
    FrameVerifier.Place place = expected.verify(header, payload);
    int planes = pool.layout().planes();
    int number =
        place.block() * planes + place.layer() * PlaneKind.values().length + place.kind().place();
    if (number != frames) {
      throw HandoffException.refused(
          Refusal.COUNT, "frame: plane %d of the prefix, expected %d".formatted(number, frames));
    }
    if (frames % planes == 0) {
      List<Block> reserved = pool.tryReserve(1);
      if (reserved == null) {
        return false;
      }
      held.add(reserved.getFirst());
    }
    Block block = held.getLast();
    payload.copyTo(block.plane(place.layer(), place.kind()));
    frames++;
    if (frames % planes == 0) {
      pool.publish(block, keys.get(place.block()));
    }
    return true;
  }

  /**
   * Takes the source's word that this was all.
   *
   * @throws HandoffException a refusal, if it was not
   */
  void end(PullEnd end) throws HandoffException {
    int expected = announced * pool.layout().planes();
    if (verifier == null || ended) {
      throw HandoffException.refused(Refusal.PROTOCOL, "end: it came before Accept, or twice");
    }
    if (frames != expected
        || end.getFrames() != frames
        || end.getBytes() != (long) frames * pool.layout().planeBytes()) {
      throw HandoffException.refused(
          Refusal.COUNT,
          "end: %s frames, %s bytes, expected %d frames of %d bytes; %d came"
              .formatted(
                  Integer.toUnsignedString(end.getFrames()),
                  Long.toUnsignedString(end.getBytes()),
                  expected,
                  pool.layout().planeBytes(),
                  frames));
    }
    ended = true;
  }

  /**
   * How the stream's good end leaves it.
   *
   * @throws HandoffException LOST, if the source said nothing of an end
   */
  PullOutcome finished() throws HandoffException {
    if (!ended) {
      throw HandoffException.lost("the source ended the stream too early", null);
    }
    if (announced == 0) {
      return PullOutcome.MISS;
    }
    return announced == keys.size() ? PullOutcome.COMPLETE : PullOutcome.PARTIAL;
  }

  /** Gives every block back: published ones stay in the cache, one that is not whole is free. */
  void release() {
    pool.release(held);
    held.clear();
  }
}
