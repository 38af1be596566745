package dev.baton.kv.handoff;

import dev.baton.kv.Layout;
import dev.baton.kv.PlaneKind;
import dev.baton.proto.internal.v1.Accept;
import dev.baton.proto.internal.v1.Commit;
import dev.baton.proto.internal.v1.Join;
import dev.baton.proto.internal.v1.Open;
import dev.baton.proto.internal.v1.PushReply;
import dev.baton.proto.v1.SampledToken;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One handoff as its sender sees it: told what happens, it says what to send next. It knows no
 * thread, no clock and no transport; whoever drives it calls one method at a time.
 *
 * <pre>
 *   OPENING -- Accept --> SENDING -- all planes sent, first tokens known --> COMMITTING -- Ack --> OVER
 *      |                     |                                                   |
 *      +---------------------+---- wrong reply, lost, stalled, cancelled --------+--> OVER
 * </pre>
 *
 * <ul>
 *   <li>Every plane of every missing block goes out exactly once, and none before it is final.
 *   <li>Open is the first message, Commit the last; after OVER there is none.
 *   <li>Between Accept and the last plane streams may join; their planes are dealt to whoever asks.
 *       Each ends when there is nothing left to deal, and Commit waits until all were acknowledged.
 *   <li>The first end counts; whatever comes later changes nothing.
 * </ul>
 */
final class OutgoingHandoff {
  private static final PlaneKind[] KINDS = PlaneKind.values();

  /** Where the handoff is. */
  enum State {
    /** Open is to be sent, or waits for Accept. */
    OPENING,
    /** Planes go out as they become final. */
    SENDING,
    /** Commit was sent, and waits for Ack. */
    COMMITTING,
    /** Acknowledged or failed. */
    OVER
  }

  /** A message for the receiver. */
  sealed interface Send {
    /** Asks to write. */
    record Opening(Open open) implements Send {}

    /** A plane that is final. */
    record Plane(int block, int layer, PlaneKind kind) implements Send {}

    /** First on a stream that joins. */
    record Joining(Join join) implements Send {}

    /** Says that no plane is left for a stream that joined: the end of its requests. */
    record Leaving() implements Send {}

    /** Says that the writer makes progress though it has no plane to send. */
    record Renewing() implements Send {}

    /** Says that everything was sent; the end of requests follows. */
    record Committing(Commit commit) implements Send {}
  }

  /** Where a stream is that joins. */
  private enum Stripe {
    JOINING,
    SENDING,
    LEFT,
    ACKNOWLEDGED
  }

  /** The stream that opens it; those that join have the numbers from 1 on. */
  static final int OPENER = 0;

  private final Layout layout;
  private final Open open;
  private final List<Stripe> stripes = new ArrayList<>();
  private int mayJoin;

  /** For each layer: how many tokens of the prompt are final. */
  private final int[] readyTokens;

  /** For each layer: how many planes of missing blocks were sent; K goes before V. */
  private final int[] sent;

  private State state = State.OPENING;
  private boolean openSent;
  private int[] missing = {};
  private long toSend;
  private @Nullable List<SampledToken> firstTokens;
  private @Nullable HandoffException failure;

  /** A handoff of which nothing was sent; {@code open} has a key for each block of its prompt. */
  OutgoingHandoff(Layout layout, Open open) {
    this.layout = layout;
    this.open = open;
    this.readyTokens = new int[layout.layers()];
    this.sent = new int[layout.layers()];
  }

  State state() {
    return state;
  }

  /** Why it failed; null while it runs and when it was acknowledged. */
  @Nullable HandoffException failure() {
    return failure;
  }

  /** What it moved, once that is settled: from COMMITTING on. */
  HandoffReceipt receipt() {
    return new HandoffReceipt(missing.length, open.getKeysCount() - missing.length, bytes());
  }

  /** K and V of a layer are final for the prompt's first {@code tokens} tokens. */
  void ready(int layer, int tokens) {
    readyTokens[layer] = Math.max(readyTokens[layer], tokens);
  }

  /** The whole prompt is final at every layer, and these are the first tokens of its choices. */
  void computed(List<SampledToken> tokens) {
    Arrays.fill(readyTokens, open.getPromptTokens());
    firstTokens = List.copyOf(tokens);
  }

  /** How many streams may join now. */
  int mayJoin() {
    return state == State.SENDING && toSend > 0 ? mayJoin - stripes.size() : 0;
  }

  /**
   * One more stream sends planes.
   *
   * @return its number
   */
  int join() {
    stripes.add(Stripe.JOINING);
    return stripes.size();
  }

  /** The bytes that are to be moved; known from SENDING on. */
  long bytes() {
    return (long) missing.length * layout.blockBytes();
  }

  /** The receiver said something on a stream. */
  void on(int stream, PushReply reply) {
    if (stream == OPENER) {
      on(reply);
    } else if (reply.hasAck() && stripe(stream) == Stripe.LEFT) {
      stripes.set(stream - 1, Stripe.ACKNOWLEDGED);
    } else {
      end(
          HandoffException.refused(
              Refusal.PROTOCOL,
              "reply on stripe %d: %s, expected Ack once, after the end of requests"
                  .formatted(stream, reply.getReplyCase())));
    }
  }

  /** A stream ended; without effect on the handoff if it was acknowledged before. */
  void ended(int stream, HandoffException why) {
    if (stream == OPENER || stripe(stream) != Stripe.ACKNOWLEDGED) {
      end(why);
    }
  }

  /** Whether a stream has sent everything that it will. */
  boolean hasLeft(int stream) {
    return stream != OPENER && stripe(stream).compareTo(Stripe.LEFT) >= 0;
  }

  /** Whether a stream that joined was acknowledged. */
  boolean isAcknowledged(int stream) {
    return stream != OPENER && stripe(stream) == Stripe.ACKNOWLEDGED;
  }

  private Stripe stripe(int stream) {
    return stripes.get(stream - 1);
  }

  /** The receiver said something on the stream that opened it. */
  private void on(PushReply reply) {
    if (state == State.OPENING && openSent && reply.hasAccept()) {
      accepted(reply.getAccept());
    } else if (state == State.COMMITTING && reply.hasAck()) {
      state = State.OVER;
    } else {
      String expected = state == State.OPENING ? "Accept" : "Ack";
      end(
          HandoffException.refused(
              Refusal.PROTOCOL, "reply: " + reply.getReplyCase() + ", expected " + expected));
    }
  }

  private void accepted(Accept accept) {
    int last = -1;
    for (int block : accept.getMissingList()) {
      if (block <= last || block >= open.getKeysCount()) {
        end(
            HandoffException.refused(
                Refusal.PROTOCOL,
                "accept.missing: %s after %d, expected ascending indexes below %d"
                    .formatted(Integer.toUnsignedString(block), last, open.getKeysCount())));
        return;
      }
      last = block;
    }
    missing = accept.getMissingList().stream().mapToInt(Integer::intValue).toArray();
    toSend = (long) missing.length * layout.planes();
    mayJoin = Math.max(0, accept.getStripes());
    state = State.SENDING;
  }

  /** It fails for this reason, unless it is over: stream lost, stall, cancellation. */
  void end(HandoffException why) {
    if (state != State.OVER) {
      state = State.OVER;
      failure = why;
    }
  }

  /** Whether a plane is ready to be sent. */
  boolean hasPlane() {
    return state == State.SENDING && layerToSend() >= 0;
  }

  /** Whether every plane was dealt to a stream. */
  boolean allDealt() {
    return state == State.SENDING && toSend == 0;
  }

  /**
   * The next message of a stream, which counts as sent; null if there is none now.
   *
   * @param room whether the stream can take a plane; other messages do not wait for that
   */
  @Nullable Send next(int stream, boolean room) {
    if (stream == OPENER) {
      return nextOfOpener(room);
    }
    return state == State.SENDING ? nextOfStripe(stream, room) : null;
  }

  private @Nullable Send nextOfStripe(int stream, boolean room) {
    return switch (stripe(stream)) {
      case JOINING -> {
        stripes.set(stream - 1, Stripe.SENDING);
        yield new Send.Joining(
            Join.newBuilder().setTicket(open.getTicket()).setStripe(stream).build());
      }
      case SENDING -> {
        if (toSend == 0) {
          stripes.set(stream - 1, Stripe.LEFT);
          yield new Send.Leaving();
        }
        int layer = layerToSend();
        yield room && layer >= 0 ? plane(layer) : null;
      }
      case LEFT, ACKNOWLEDGED -> null;
    };
  }

  private @Nullable Send nextOfOpener(boolean room) {
    return switch (state) {
      case OPENING -> {
        if (openSent) {
          yield null;
        }
        openSent = true;
        yield new Send.Opening(open);
      }
      case SENDING -> {
        int layer = layerToSend();
        if (layer < 0) {
          yield commit();
        }
        yield room ? plane(layer) : null;
      }
      case COMMITTING, OVER -> null;
    };
  }

  /** A sign of life, allowed only while planes are awaited; null if it is not. */
  @Nullable Send renewal() {
    boolean idle = state == State.SENDING && layerToSend() < 0;
    return idle && !isComplete() ? new Send.Renewing() : null;
  }

  /** The layer with the earliest block that is ready: blocks are read as a whole where possible. */
  private int layerToSend() {
    int best = -1;
    for (int layer = 0; layer < sent.length; layer++) {
      int at = sent[layer] / KINDS.length;
      if (at < missing.length
          && lastToken(missing[at]) <= readyTokens[layer]
          && (best < 0 || at < sent[best] / KINDS.length)) {
        best = layer;
      }
    }
    return best;
  }

  private int lastToken(int block) {
    return Math.min((block + 1) * layout.blockTokens(), open.getPromptTokens());
  }

  private Send plane(int layer) {
    int number = sent[layer]++;
    toSend--;
    return new Send.Plane(missing[number / KINDS.length], layer, KINDS[number % KINDS.length]);
  }

  private boolean isComplete() {
    return toSend == 0 && firstTokens != null;
  }

  private @Nullable Send commit() {
    List<SampledToken> tokens = firstTokens;
    if (toSend > 0
        || tokens == null
        || stripes.stream().anyMatch(each -> each != Stripe.ACKNOWLEDGED)) {
      return null;
    }
    state = State.COMMITTING;
    HandoffReceipt receipt = receipt();
    return new Send.Committing(
        Commit.newBuilder()
            .setFrames(receipt.blocksMoved() * layout.planes())
            .setBytes(receipt.bytesMoved())
            .addAllFirstTokens(tokens)
            .build());
  }
}
