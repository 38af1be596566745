package dev.baton.kv.handoff;

import dev.baton.kv.PlaneKind;
import dev.baton.kv.shm.RingException;
import dev.baton.kv.shm.RingLender;
import dev.baton.kv.shm.RingWriter;
import dev.baton.kv.shm.SegmentName;
import dev.baton.proto.internal.v1.Open;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;

/**
 * A receiver, a stream without a transport, and the ring of its sender, all on the test's thread:
 * what a receiver schedules runs in {@link #runLoop}.
 */
final class RingStream implements AutoCloseable {
  /** Where the first byte of the ring lies in its segment. */
  static final int DATA_AT = 4096;

  static final int WRITTEN_AT = 64;
  static final Duration STALL_LIMIT = Duration.ofSeconds(1);

  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final FakeAlarms alarms = new FakeAlarms();
  final HandoffReceiver receiver;
  private final ArrayDeque<Runnable> loop = new ArrayDeque<>();
  private final Arena arena = Arena.ofConfined();
  private final RingLender lender = new RingLender();
  private final RingLender.Loan loan = lender.lend("test").orElseThrow();

  RingStream() {
    receiver =
        new HandoffReceiver(
            Prompt.SMALL,
            Prompt.LINEAGE,
            epoch -> epoch == Prompt.EPOCH,
            STALL_LIMIT,
            meters,
            alarms,
            new RingOffers(true, () -> Optional.of(loop::add), alarms));
  }

  /** The stream's ring, empty. */
  RingWriter writer(FakeCall call) {
    return loan.writer(() -> call.deliver(new byte[] {KvTransfer.WAKE}));
  }

  /** The same, of a sender that forgets to wake the receiver. */
  RingWriter silentWriter() {
    return loan.writer(() -> {});
  }

  SegmentName name() {
    return loan.name();
  }

  /** The prompt's Open with the ring in it. */
  Open open(Prompt prompt) {
    return prompt.open().toBuilder().setRing(Rings.toProto(loan.name())).build();
  }

  /** Puts a plane of the prompt in, the whole of it. */
  void put(RingWriter writer, Prompt prompt, int block, int layer, PlaneKind kind) {
    try {
      put(writer, prompt.header(block, layer, kind).bytes(), prompt.payload(block, layer, kind));
    } catch (RingException e) {
      throw new AssertionError(e);
    }
  }

  void put(RingWriter writer, byte[] head, byte[] payload) throws RingException {
    writer.begin(head, arena.allocate(payload.length).copyFrom(MemorySegment.ofArray(payload)));
    writer.advance(Integer.MAX_VALUE);
  }

  void putAll(RingWriter writer, Prompt prompt, int... blocks) {
    for (int block : blocks) {
      for (int plane = 0; plane < prompt.layout().planes(); plane++) {
        put(writer, prompt, block, plane / 2, PlaneKind.values()[plane % 2]);
      }
    }
  }

  /** The segment, as a hostile or broken process has it. */
  MemorySegment segment() throws Exception {
    SegmentName name = loan.name();
    Path path = Path.of("/proc/" + name.process() + "/fd/" + name.descriptor());
    try (FileChannel file =
        FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return file.map(MapMode.READ_WRITE, 0, name.bytes(), arena);
    }
  }

  static void flip(MemorySegment segment, long bit) {
    long at = bit / 8;
    byte flipped = (byte) (segment.get(ValueLayout.JAVA_BYTE, at) ^ (1 << (bit % 8)));
    segment.set(ValueLayout.JAVA_BYTE, at, flipped);
  }

  /** Runs the next thing that the receiver scheduled. */
  void runOneTurn() {
    loop.remove().run();
  }

  /** Runs what the receiver scheduled, and time a little after each, until there is no more. */
  void runLoop() {
    for (Runnable turn = loop.poll(); turn != null; turn = loop.poll()) {
      turn.run();
      alarms.pass(1000);
    }
  }

  int refusals(Refusal refusal) {
    return (int)
        meters.get("baton.handoff.refusals").tag("reason", refusal.label()).counter().count();
  }

  @Override
  public void close() {
    loan.close();
    lender.close();
    receiver.close();
    arena.close();
  }
}
