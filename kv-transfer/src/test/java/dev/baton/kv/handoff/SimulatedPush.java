package dev.baton.kv.handoff;

import com.google.protobuf.ByteString;
import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.kv.Layout;
import dev.baton.kv.handoff.OutgoingHandoff.Send;
import dev.baton.kv.handoff.OutgoingHandoff.State;
import dev.baton.kv.shm.RingLender;
import dev.baton.proto.internal.v1.Open;
import dev.baton.proto.internal.v1.PushReply;
import dev.baton.proto.v1.SampledToken;
import io.grpc.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A prefill worker with one request: it computes layer by layer, and drives an {@link
 * OutgoingHandoff} as the real driver does, without threads. Its KV is written where the real one
 * would write it, so that a plane sent too early is a wrong plane.
 */
final class SimulatedPush implements PushCall.Events {
  private static final long MOST_STEP = 100_000_000;
  private static final int RENEWALS = 3;

  private final SimulatedTime time;
  private final Random random;
  private final SimulatedProcess process;
  private final Faults faults;
  private final BlockPool pool;
  private final Layout layout;
  private final Ticket ticket;
  private final List<BlockKey> keys;
  private final int tokens;
  private final List<Block> blocks;
  private final Function<BlockKey, byte[]> kv;
  private final List<SampledToken> firstTokens;
  private final OutgoingHandoff handoff;
  private final boolean stuck;

  /** Every third offers one. */
  private final @Nullable OutgoingRing ring;

  private final RingLender lender = new RingLender();
  private boolean ringClosed;
  private @Nullable SimulatedStream stream;
  private Runnable callOff = () -> {};
  private int computedLayers;
  private int computedTokens;
  private boolean blocksReleased;

  /** What may happen to messages on their way. */
  interface Faults {
    /** The message, perhaps damaged. */
    byte[] pass(byte[] message);
  }

  SimulatedPush(
      SimulatedTime time,
      Random random,
      Faults faults,
      BlockPool pool,
      Ticket ticket,
      List<BlockKey> keys,
      int tokens,
      List<Block> blocks,
      Function<BlockKey, byte[]> kv,
      List<SampledToken> firstTokens) {
    this.time = time;
    this.random = random;
    this.process = new SimulatedProcess(time);
    this.faults = faults;
    this.pool = pool;
    this.layout = pool.layout();
    this.ticket = ticket;
    this.keys = keys;
    this.tokens = tokens;
    this.blocks = blocks;
    this.kv = kv;
    this.firstTokens = firstTokens;
    this.stuck = random.nextInt(30) == 0;
    this.ring =
        random.nextInt(3) == 0
            ? new OutgoingRing(
                lender.lend("simulated").orElseThrow(), () -> send(OutgoingMessage.wake()))
            : null;
    blocks.forEach(block -> block.bytes().fill((byte) 0xEE));
    Open.Builder open =
        Open.newBuilder()
            .setTicket(ticket.toProto())
            .setSenderEpoch(5)
            .setLineage(ByteString.copyFrom(Prompt.LINEAGE.bytes()))
            .setLayout(Layouts.toProto(layout))
            .setPromptTokens(tokens)
            .setVersion(FrameHeader.VERSION);
    keys.forEach(key -> open.addKeys(ByteString.copyFrom(key.bytes())));
    this.handoff = new OutgoingHandoff(layout, open.build());
  }

  SimulatedProcess process() {
    return process;
  }

  SimulatedStream stream() {
    return stream;
  }

  /** Opens the stream and begins to compute; the request's deadline ends the stream. */
  void start(SimulatedProcess server, HandoffReceiver receiver, long deadline) {
    process.at(
        deadline, () -> ended(HandoffException.from(Status.DEADLINE_EXCEEDED.asException())));
    stream = new SimulatedStream(time, random, process, server, receiver, this);
    pump();
    computeOn();
  }

  /** The request is cancelled, or the router gave this attempt up. */
  void cancel() {
    process.at(
        time.now(),
        () -> {
          handoff.end(HandoffException.cancelled("the simulation cancels", null));
          pump();
        });
  }

  /** The process dies; its memory is the operating system's again. */
  void kill() {
    process.kill();
    stream.cut();
    giveBlocksBack();
    closeRing();
  }

  boolean isOver() {
    return process.isDead() || handoff.state() == State.OVER;
  }

  private void computeOn() {
    if (stuck && random.nextBoolean()) {
      return;
    }
    process.at(time.now() + random.nextLong(MOST_STEP), this::computeLayer);
  }

  /** One layer of one chunk of one block. */
  private void computeLayer() {
    if (blocksReleased) {
      return;
    }
    int to = Math.min(tokens, computedTokens + layout.blockTokens());
    int block = computedTokens / layout.blockTokens();
    int from = layout.planeOffset(computedLayers, dev.baton.kv.PlaneKind.K);
    MemorySegment.copy(
        MemorySegment.ofArray(kv.apply(keys.get(block))),
        from,
        blocks.get(block).bytes(),
        from,
        2L * layout.planeBytes());
    handoff.ready(computedLayers, to);
    if (++computedLayers == layout.layers()) {
      computedLayers = 0;
      computedTokens = to;
    }
    if (computedTokens == tokens) {
      handoff.computed(firstTokens);
    } else {
      computeOn();
    }
    pump();
  }

  @Override
  public void room() {
    pump();
  }

  @Override
  public void reply(PushReply reply) {
    if (ring != null && reply.hasAccept()) {
      ring.answered(reply.getAccept().getRing());
    }
    handoff.on(reply);
    pump();
  }

  @Override
  public void ended(HandoffException why) {
    handoff.end(why);
    pump();
  }

  private void pump() {
    callOff.run();
    callOff = () -> {};
    for (Send next = next(); next != null; next = next()) {
      send(next);
    }
    if (handoff.state() == State.OVER) {
      if (handoff.failure() != null) {
        stream.cancel();
      }
      giveBlocksBack();
      closeRing();
    } else {
      boolean waitsForWriter = handoff.renewal() != null;
      long limit = HandoffSimulation.STALL_LIMIT.toNanos();
      callOff = process.after(waitsForWriter ? limit / RENEWALS : limit, this::tooLong);
    }
  }

  private @Nullable Send next() {
    return handoff.next(stream.hasRoom());
  }

  private void tooLong() {
    callOff = () -> {};
    Send renewal = handoff.renewal();
    if (renewal == null) {
      handoff.end(HandoffException.stalled("the simulated receiver is silent"));
    } else if (!stuck) {
      send(renewal);
    }
    pump();
  }

  private void send(Send next) {
    switch (next) {
      case Send.Opening opening ->
          send(
              OutgoingMessage.of(
                  ring == null
                      ? opening.open()
                      : opening.open().toBuilder().setRing(ring.offer()).build()));
      case Send.Renewing _ -> send(OutgoingMessage.renew());
      case Send.Plane plane -> {
        MemorySegment bytes = blocks.get(plane.block()).plane(plane.layer(), plane.kind());
        if (ring != null && ring.isTaken()) {
          put(plane, bytes);
          return;
        }
        FrameHeader header =
            FrameHeader.of(
                ticket,
                plane.block(),
                keys.get(plane.block()),
                plane.layer(),
                plane.kind(),
                bytes.asByteBuffer());
        send(OutgoingMessage.of(header, bytes, new byte[64]));
      }
      case Send.Committing committing -> {
        send(OutgoingMessage.of(committing.commit()));
        stream.halfClose();
      }
    }
  }

  /** A ring never fills here: it holds more than a whole prompt of this world. */
  private void put(Send.Plane plane, MemorySegment bytes) {
    try {
      ring.begin(
          FrameHeader.unsigned(
              ticket,
              plane.block(),
              keys.get(plane.block()),
              plane.layer(),
              plane.kind(),
              layout.planeBytes()),
          bytes);
      ring.advance(Integer.MAX_VALUE);
    } catch (HandoffException e) {
      throw new AssertionError(e);
    }
  }

  private void closeRing() {
    if (ring != null && !ringClosed) {
      ringClosed = true;
      ring.close();
      lender.close();
    }
  }

  private void send(OutgoingMessage message) {
    try {
      stream.send(faults.pass(new OutgoingMessageWriter().stream(message).readAllBytes()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void giveBlocksBack() {
    if (!blocksReleased) {
      blocksReleased = true;
      blocks.forEach(block -> block.bytes().fill((byte) 0xDD));
      pool.release(blocks);
    }
  }
}
