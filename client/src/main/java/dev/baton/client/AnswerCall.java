package dev.baton.client;

import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.GenerateResponse;
import dev.baton.proto.v1.GenerationServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/**
 * One Generate call: events as they are asked for, in order, then exactly one end.
 *
 * <ul>
 *   <li>At most as many events come as were {@link #request requested}; the rest stays in gRPC's
 *       flow-control window, and then at the router.
 *   <li>The listener is called by one thread at a time, on the channel's executor.
 *   <li>{@code request} and {@code cancel} may be called from any thread, once started.
 * </ul>
 */
final class AnswerCall {
  /** What happens to a call. */
  interface Listener {
    /** The next event. */
    void event(AnswerEvent event);

    /** The last event was delivered; the call ended well. The last signal. */
    void completed();

    /** The call failed, or was cancelled. The last signal. */
    void failed(BatonException failure);
  }

  private final ClientCall<GenerateRequest, GenerateResponse> call;
  private final GenerationRequest request;

  AnswerCall(Channel channel, CallOptions options, GenerationRequest request) {
    this.call = channel.newCall(GenerationServiceGrpc.getGenerateMethod(), options);
    this.request = request;
  }

  /** Sends the request. No event comes before the first {@link #request}. */
  void start(Listener listener) {
    call.start(new Inbound(listener), new Metadata());
    call.sendMessage(Wire.request(request));
    call.halfClose();
  }

  /** Allows {@code count} more events. */
  void request(int count) {
    call.request(count);
  }

  /** Ends the call; the router frees everything. Harmless after the end. */
  void cancel(String why) {
    call.cancel(why, null);
  }

  private final class Inbound extends ClientCall.Listener<GenerateResponse> {
    private final Listener listener;
    private final EventOrder order = new EventOrder(request.choices());
    private @Nullable BatonException fault;

    Inbound(Listener listener) {
      this.listener = listener;
    }

    @Override
    public void onMessage(GenerateResponse message) {
      if (fault != null) {
        return;
      }
      AnswerEvent event;
      try {
        event = Wire.event(message);
        order.next(event);
      } catch (BatonException outOfOrder) {
        fault = outOfOrder;
        call.cancel(outOfOrder.getMessage(), outOfOrder);
        return;
      }
      listener.event(event);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (fault != null) {
        listener.failed(fault);
      } else if (!status.isOk()) {
        listener.failed(BatonException.of(status, trailers));
      } else if (!order.isComplete()) {
        listener.failed(
            new BatonException(ErrorCode.INTERNAL, "the router ended the stream too early"));
      } else {
        listener.completed();
      }
    }
  }
}
