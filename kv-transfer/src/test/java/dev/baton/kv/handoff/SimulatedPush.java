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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A prefill worker with one request: it computes layer by layer, and drives an {@link
 * OutgoingHandoff} as the real driver does, without threads. Its KV is written where the real one
 * would write it, so that a plane sent too early is a wrong plane.
 */
final class SimulatedPush {
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
  private final List<Line> lines = new ArrayList<>();

  /** How many streams it would have join the first. */
  private final int stripes;

  private @Nullable Function<PushCall.Events, SimulatedStream> dial;
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
    this.stripes = random.nextInt(3);
    this.ring =
        random.nextInt(3) == 0
            ? new OutgoingRing(
                lender.lend("simulated").orElseThrow(),
                () -> send(opener(), OutgoingMessage.wake()))
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

  /** Its streams; the first opens the handoff. */
  List<SimulatedStream> streams() {
    return lines.stream().map(line -> Objects.requireNonNull(line.stream)).toList();
  }

  /** The network breaks them all. */
  void cut() {
    streams().forEach(SimulatedStream::cut);
  }

  /** One stream, and what is heard on it. */
  private final class Line implements PushCall.Events {
    final int number;
    private @Nullable SimulatedStream stream;

    Line(int number) {
      this.number = number;
    }

    SimulatedStream stream() {
      return Objects.requireNonNull(stream);
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
      handoff.on(number, reply);
      join();
      pump();
    }

    @Override
    public void ended(HandoffException why) {
      handoff.ended(number, why);
      pump();
    }
  }

  private void open(int number) {
    Line line = new Line(number);
    line.stream = Objects.requireNonNull(dial).apply(line);
    lines.add(line);
  }

  private void join() {
    while (lines.size() <= stripes && handoff.mayJoin() > 0) {
      open(handoff.join());
    }
  }

  /** Opens the stream and begins to compute; the request's deadline ends the stream. */
  void start(SimulatedProcess server, HandoffReceiver receiver, long deadline) {
    process.at(
        deadline,
        () -> {
          handoff.end(HandoffException.from(Status.DEADLINE_EXCEEDED.asException()));
          pump();
        });
    long[] lastSign = {time.now()};
    dial = events -> new SimulatedStream(time, random, process, server, receiver, lastSign, events);
    open(OutgoingHandoff.OPENER);
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
    cut();
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

  private void pump() {
    callOff.run();
    callOff = () -> {};
    List<Line> order = new ArrayList<>(lines);
    Collections.shuffle(order, random);
    order.forEach(line -> {
      for (Send next = next(line); next != null; next = next(line)) {
        send(line.stream(), next);
      }
    });
    if (handoff.state() == State.OVER) {
      if (handoff.failure() != null) {
        streams().forEach(SimulatedStream::cancel);
      }
      giveBlocksBack();
      closeRing();
    } else {
      boolean waitsForWriter = handoff.renewal() != null;
      long limit = HandoffSimulation.STALL_LIMIT.toNanos();
      callOff = process.after(waitsForWriter ? limit / RENEWALS : limit, this::tooLong);
    }
  }

  private @Nullable Send next(Line line) {
    return handoff.next(line.number, line.stream().hasRoom());
  }

  private SimulatedStream opener() {
    return lines.getFirst().stream();
  }

  private void tooLong() {
    callOff = () -> {};
    Send renewal = handoff.renewal();
    if (renewal == null) {
      handoff.end(HandoffException.stalled("the simulated receiver is silent"));
    } else if (!stuck) {
      send(opener(), renewal);
    }
    pump();
  }

  private void send(SimulatedStream stream, Send next) {
    switch (next) {
      case Send.Joining joining -> send(stream, OutgoingMessage.of(joining.join()));
      case Send.Leaving _ -> stream.halfClose();
      case Send.Opening opening ->
          send(
              stream,
              OutgoingMessage.of(
                  ring == null
                      ? opening.open()
                      : opening.open().toBuilder().setRing(ring.offer()).build()));
      case Send.Renewing _ -> send(stream, OutgoingMessage.renew());
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
        send(stream, OutgoingMessage.of(header, bytes, new byte[64]));
      }
      case Send.Committing committing -> {
        send(stream, OutgoingMessage.of(committing.commit()));
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

  private void send(SimulatedStream stream, OutgoingMessage message) {
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
