package dev.baton.kv.handoff;

import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneKind;
import dev.baton.proto.internal.v1.PullAccept;
import dev.baton.proto.internal.v1.PullEnd;
import dev.baton.proto.internal.v1.PullRequest;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stream of Pull on the side that gives. Frames go out while the stream is ready; gRPC copies
 * each before sending returns, so that blocks are this stream's only until the last frame.
 *
 * <p>gRPC calls one method at a time; {@link #end} may come from any thread. All go through one
 * lock, under which blocks are read and given back.
 */
final class OutgoingPull extends ServerCall.Listener<PullAsked> {
  private static final Logger log = LoggerFactory.getLogger(OutgoingPull.class);
  private static final List<PlaneKind> KINDS = List.of(PlaneKind.values());
  private static final int SCRATCH_BYTES = 64 * 1024;
  private static final int READY_BYTES = 4 * 1024 * 1024;

  private final PullSource source;
  private final ServerCall<PullAsked, OutgoingMessage> call;
  private final StallWatch watch;
  private final long startedNanos = System.nanoTime();

  // The rest is read and written under this object's monitor.
  private boolean asked;
  private boolean over;
  private Ticket ticket = new Ticket(0, 0, 0);
  private List<BlockKey> keys = List.of();
  private List<Block> blocks = List.of();
  private byte[] scratch = new byte[0];
  private int frames;

  private OutgoingPull(PullSource source, ServerCall<PullAsked, OutgoingMessage> call) {
    this.source = source;
    this.call = call;
    this.watch = source.watch(this::stalled);
  }

  /** Begins to serve a call. */
  static OutgoingPull start(PullSource source, ServerCall<PullAsked, OutgoingMessage> call) {
    OutgoingPull pull = new OutgoingPull(source, call);
    call.setOnReadyThreshold(READY_BYTES);
    // One more than there is, so that a second request is heard.
    call.request(2);
    return pull;
  }

  @Override
  public void onMessage(PullAsked message) {
    try {
      switch (message) {
        case PullAsked.Blocks(PullRequest request) -> begin(request);
        case PullAsked.Malformed(Refusal refusal, String detail) ->
            throw HandoffException.refused(refusal, detail);
      }
    } catch (HandoffException e) {
      end(e);
    }
  }

  private synchronized void begin(PullRequest request) throws HandoffException {
    if (over) {
      return;
    }
    if (asked) {
      throw HandoffException.refused(Refusal.PROTOCOL, "pull: a second request on one stream");
    }
    asked = true;
    watch.sign();
    List<BlockKey> wanted = source.verify(request);
    source.enter(this);
    ticket = new Ticket(request.getPullId(), request.getSourceEpoch(), request.getGeneration());
    keys = wanted;
    blocks = source.pool().retainPrefix(wanted);
    scratch = new byte[Math.min(SCRATCH_BYTES, layout().planeBytes())];
    call.sendHeaders(new Metadata());
    PullAccept accept = PullAccept.newBuilder().setBlocks(blocks.size()).build();
    call.sendMessage(OutgoingMessage.control(KvTransfer.PULL_ACCEPT, accept));
    sendWhatFits();
  }

  @Override
  public synchronized void onReady() {
    if (asked && !over) {
      sendWhatFits();
    }
  }

  private void sendWhatFits() {
    int all = blocks.size() * layout().planes();
    while (frames < all && call.isReady()) {
      send(frames++);
      watch.sign();
    }
    if (frames == all) {
      PullEnd end = PullEnd.newBuilder().setFrames(frames).setBytes(bytes()).build();
      call.sendMessage(OutgoingMessage.control(KvTransfer.PULL_END, end));
      finish(Status.OK, new Metadata());
    }
  }

  private void send(int frame) {
    int planes = layout().planes();
    int block = frame / planes;
    int layer = frame % planes / KINDS.size();
    PlaneKind kind = KINDS.get(frame % KINDS.size());
    MemorySegment plane = blocks.get(block).plane(layer, kind);
    FrameHeader header =
        FrameHeader.of(ticket, block, keys.get(block), layer, kind, plane.asByteBuffer());
    OutgoingMessage message = OutgoingMessage.of(header, plane, scratch);
    call.sendMessage(message);
    message.letGo();
  }

  @Override
  public void onHalfClose() {
    boolean silent;
    synchronized (this) {
      silent = !asked;
    }
    if (silent) {
      end(HandoffException.refused(Refusal.PROTOCOL, "pull: no request on the stream"));
    }
  }

  @Override
  public void onCancel() {
    end(HandoffException.cancelled("the puller left, or its deadline passed", null));
    gone();
  }

  @Override
  public void onComplete() {
    giveBack();
    gone();
  }

  /** The transport holds nothing of the stream any more. */
  private void gone() {
    watch.stop();
    source.over(this);
  }

  /**
   * The puller took nothing for too long, perhaps of the last frames. The status queues behind what
   * it does not take, and gRPC's servers cannot reset a stream: only its deadline ends that.
   */
  private void stalled() {
    end(HandoffException.stalled("the puller took nothing for too long"));
    source.lingers(this);
  }

  /** Ends the stream, unless it has ended; when it returns no block is held. */
  synchronized void end(HandoffException why) {
    if (over) {
      return;
    }
    why.refusal().ifPresent(source.metrics()::refused);
    log.info(
        "pull {} ended: {} {}: {}",
        ticket,
        why.code(),
        why.refusal().map(Refusal::label).orElse("-"),
        why.getMessage());
    StatusRuntimeException status = why.toStatus();
    Metadata trailers = status.getTrailers();
    finish(status.getStatus(), trailers == null ? new Metadata() : trailers);
  }

  /** Under the lock, once. */
  private void finish(Status status, Metadata trailers) {
    giveBack();
    source.metrics().moved(frames / layout().planes(), bytes(), System.nanoTime() - startedNanos);
    call.close(status, trailers);
  }

  /** Also after a fault, when whoever guards the service has closed the call. */
  private synchronized void giveBack() {
    over = true;
    watch.sign();
    source.pool().release(blocks);
    blocks = List.of();
  }

  private long bytes() {
    return (long) frames * layout().planeBytes();
  }

  private Layout layout() {
    return source.pool().layout();
  }
}
