package dev.baton.kv.handoff;

import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.kv.Layout;
import dev.baton.proto.v1.SampledToken;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One incarnation of a decode worker: a pool, a receiver, and what a decode worker does with them.
 * It knows what every block must hold that no open handoff may write, and looks.
 */
final class SimulatedDecodeWorker {
  private static final long TURN_NANOS = 20_000;

  private final SimulatedTime time;
  private final SimulatedProcess process;
  private final long epoch;
  private final BlockPool pool;
  private final HandoffReceiver receiver;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Function<BlockKey, byte[]> kv;
  private final Set<Reservation> open =
      java.util.Collections.newSetFromMap(new IdentityHashMap<>());

  /** Content of all blocks that nobody may write now. */
  private final Map<Block, byte[]> settled = new HashMap<>();

  private int decoding;
  private int held;

  SimulatedDecodeWorker(
      SimulatedTime time, long epoch, Layout layout, int blocks, Function<BlockKey, byte[]> kv) {
    this.time = time;
    this.process = new SimulatedProcess(time);
    this.epoch = epoch;
    this.kv = kv;
    this.pool = new BlockPool(layout, blocks);
    this.receiver =
        new HandoffReceiver(
            layout,
            Prompt.LINEAGE,
            asked -> asked == epoch,
            HandoffSimulation.STALL_LIMIT,
            meters,
            process,
            new RingOffers(
                true,
                () -> Optional.of(turn -> process.at(time.now() + TURN_NANOS, turn)),
                process));
  }

  long epoch() {
    return epoch;
  }

  SimulatedProcess process() {
    return process;
  }

  HandoffReceiver receiver() {
    return receiver;
  }

  /** Blocks reserved for a handoff that was not over when last heard of. */
  final class Reservation implements HandoffListener {
    private final List<BlockKey> keys;
    private final int shared;
    private final List<Block> blocks;
    private final BitSet present = new BitSet();
    private final List<SampledToken> expectedTokens;
    private final Consumer<@Nullable HandoffException> whenOver;
    private @Nullable IncomingHandoff handoff;

    private Reservation(
        List<BlockKey> keys,
        int shared,
        List<Block> blocks,
        int present,
        List<SampledToken> expectedTokens,
        Consumer<@Nullable HandoffException> whenOver) {
      this.keys = keys;
      this.shared = shared;
      this.blocks = blocks;
      this.present.set(0, present);
      this.expectedTokens = expectedTokens;
      this.whenOver = whenOver;
    }

    @Override
    public void arrived(HandoffReceipt receipt, List<SampledToken> firstTokens) {
      leave();
      for (int i = 0; i < blocks.size(); i++) {
        require(
            Arrays.equals(content(blocks.get(i)), kv.apply(keys.get(i))),
            "block " + i + " of a handoff that arrived holds what was never computed for its key");
      }
      require(firstTokens.equals(expectedTokens), "first tokens " + firstTokens);
      for (int i = present.cardinality(); i < shared; i++) {
        pool.publish(blocks.get(i), keys.get(i));
      }
      decoding++;
      process.at(time.now() + 300_000_000, this::decoded);
      whenOver.accept(null);
    }

    private void decoded() {
      decoding--;
      giveBack();
    }

    @Override
    public void failed(HandoffException why) {
      leave();
      giveBack();
      whenOver.accept(why);
    }

    /** The request is cancelled: nobody may write any more, then the blocks are given back. */
    void cancel() {
      if (open.contains(this)) {
        handoff.revoke();
        leave();
        giveBack();
      }
    }

    private void leave() {
      require(open.remove(this), "a handoff ended twice");
      blocks.forEach(block -> settled.put(block, content(block)));
    }

    private void giveBack() {
      held -= blocks.size();
      pool.release(blocks);
    }
  }

  /** Reserves and expects; null if there is no room now. */
  @Nullable Reservation reserve(
      Ticket ticket,
      List<BlockKey> keys,
      int shared,
      Duration lifetime,
      List<SampledToken> expectedTokens,
      Consumer<@Nullable HandoffException> whenOver) {
    List<Block> blocks = new ArrayList<>(pool.retainPrefix(keys.subList(0, shared)));
    int present = blocks.size();
    List<Block> fresh = pool.tryReserve(keys.size() - present);
    if (fresh == null) {
      pool.release(blocks);
      return null;
    }
    for (Block block : fresh) {
      block.bytes().fill((byte) 0x5A);
      settled.remove(block);
    }
    blocks.addAll(fresh);
    held += blocks.size();
    Reservation reservation =
        new Reservation(keys, shared, blocks, present, expectedTokens, whenOver);
    open.add(reservation);
    reservation.handoff =
        receiver.expect(ticket, keys, blocks, reservation.present, lifetime, reservation);
    return reservation;
  }

  /** The process dies, and all its memory with it. */
  void kill() {
    process.kill();
  }

  /** What must hold after every event. */
  void check() {
    settled.forEach((block, content) ->
        require(
            Arrays.equals(content(block), content), block + " changed while nobody may write it"));
    require(
        active() == open.size(),
        "the gauge says %d handoffs, %d are open".formatted(active(), open.size()));
  }

  /** What must hold when every request is over and every stream has ended. */
  void checkZero() {
    require(active() == 0, active() + " handoffs are active");
    require(decoding == 0 && held == 0, held + " blocks are held");
    require(pool.usage().used() == 0, pool.usage() + ", expected none in use");
    require(process.alarms() == 0, process.alarms() + " alarms are set");
  }

  private int active() {
    return (int) meters.get("baton.handoffs.active").gauge().value();
  }

  /** How often each refusal was counted. */
  void addRefusals(Map<Refusal, Integer> counts) {
    for (Refusal refusal : Refusal.values()) {
      double count =
          meters.get("baton.handoff.refusals").tag("reason", refusal.label()).counter().count();
      counts.merge(refusal, (int) count, Integer::sum);
    }
  }

  private static byte[] content(Block block) {
    return block.bytes().toArray(ValueLayout.JAVA_BYTE);
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }
}
