package dev.baton.kv.handoff;

import dev.baton.proto.internal.v1.PushReply;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.protobuf.ProtoUtils;

/** The gRPC service, described by hand because not all of its messages are protobuf. */
final class KvTransfer {
  /** Full name of the service. */
  static final String SERVICE = "baton.internal.v1.KvTransferService";

  /** First byte of a request that holds a protobuf Open. */
  static final int OPEN = 0x01;

  /** First byte of a request that holds a frame. */
  static final int FRAME = 0x02;

  /** First byte of a request that holds a protobuf Commit. */
  static final int COMMIT = 0x03;

  /** The only byte of a request that says no more than that the sender makes progress. */
  static final int RENEW = 0x04;

  /** First byte of a pull's request: a protobuf PullRequest. */
  static final int PULL = 0x05;

  /** First byte of a pull's reply that holds a protobuf PullAccept. */
  static final int PULL_ACCEPT = 0x06;

  /** First byte of a pull's reply that holds a protobuf PullEnd. */
  static final int PULL_END = 0x07;

  /** The only byte of a request that says that there is something to read in the ring. */
  static final int WAKE = 0x08;

  /** First byte of a request that holds a protobuf Join. */
  static final int JOIN = 0x09;

  private KvTransfer() {}

  /** The method Push, for one side: {@code requests} writes or reads what goes to the receiver. */
  static <T> MethodDescriptor<T, PushReply> push(Marshaller<T> requests) {
    return MethodDescriptor.<T, PushReply>newBuilder()
        .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, "Push"))
        .setRequestMarshaller(requests)
        .setResponseMarshaller(ProtoUtils.marshaller(PushReply.getDefaultInstance()))
        .build();
  }

  /** The method Pull, for one side: each marshaller writes on one side and reads on the other. */
  static <Q, A> MethodDescriptor<Q, A> pull(Marshaller<Q> requests, Marshaller<A> replies) {
    return MethodDescriptor.<Q, A>newBuilder()
        .setType(MethodDescriptor.MethodType.SERVER_STREAMING)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, "Pull"))
        .setRequestMarshaller(requests)
        .setResponseMarshaller(replies)
        .build();
  }
}
