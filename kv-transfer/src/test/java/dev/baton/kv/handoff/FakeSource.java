package dev.baton.kv.handoff;

import dev.baton.proto.internal.v1.PullRequest;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import java.util.Arrays;
import java.util.function.Consumer;

/** A source that answers a pull with whatever bytes a test likes. */
final class FakeSource implements BindableService {
  /** What a request is answered with. */
  static final class Answer {
    final PullRequest request;
    private final ServerCall<byte[], byte[]> call;

    private Answer(PullRequest request, ServerCall<byte[], byte[]> call) {
      this.request = request;
      this.call = call;
    }

    /** What the puller named, as the ticket of its frames. */
    Ticket ticket() {
      return new Ticket(request.getPullId(), request.getSourceEpoch(), request.getGeneration());
    }

    Answer send(byte[] reply) {
      call.sendMessage(reply);
      return this;
    }

    void end() {
      call.close(Status.OK, new Metadata());
    }
  }

  private final Consumer<Answer> script;

  FakeSource(Consumer<Answer> script) {
    this.script = script;
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(KvTransfer.SERVICE)
        .addMethod(
            KvTransfer.pull(new RawPull.Bytes(), new RawPull.Bytes()),
            (call, headers) -> {
              call.request(1);
              call.sendHeaders(new Metadata());
              return new ServerCall.Listener<>() {
                @Override
                public void onMessage(byte[] message) {
                  try {
                    byte[] rest = Arrays.copyOfRange(message, 1, message.length);
                    script.accept(
                        new Answer(
                            PullRequest.parseFrom(ControlMessage.message(message[0], rest)), call));
                  } catch (Exception e) {
                    throw new AssertionError(e);
                  }
                }
              };
            })
        .build();
  }
}
