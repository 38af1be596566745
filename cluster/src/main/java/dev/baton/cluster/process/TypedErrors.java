package dev.baton.cluster.process;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.baton.cluster.error.BatonException;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Gives every failed call a typed status, however it failed: by what a handler threw, by a cause
 * that a handler passed on without a translation, or by a request that does not parse. A handler
 * that threw hears {@code onCancel} in place of {@code onComplete}.
 */
final class TypedErrors implements ServerInterceptor {
  private static final Logger LOG = LoggerFactory.getLogger(TypedErrors.class);
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  /**
   * gRPC parses requests before it asks interceptors, and would answer garbage by itself. Passing
   * the bytes through untouched moves the parsing behind this interceptor, at no copy.
   */
  private static final Marshaller<InputStream> UNPARSED =
      new Marshaller<>() {
        @Override
        public InputStream stream(InputStream value) {
          return value;
        }

        @Override
        public InputStream parse(InputStream stream) {
          return stream;
        }
      };

  private TypedErrors() {}

  static ServerServiceDefinition guard(ServerServiceDefinition service) {
    return ServerInterceptors.intercept(
        ServerInterceptors.useMarshalledMessages(service, UNPARSED), new TypedErrors());
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    GuardedCall<Q, R> guarded = new GuardedCall<>(call);
    try {
      return new GuardedListener<>(next.startCall(guarded, headers), guarded);
    } catch (Throwable thrown) {
      guarded.fail(thrown, BatonException.from(thrown));
      return new ServerCall.Listener<>() {};
    }
  }

  /** A call that may be failed from one thread while its handler writes from another. */
  private static final class GuardedCall<Q, R> extends SimpleForwardingServerCall<Q, R> {
    private final Object lock = new Object();
    private boolean failed;

    GuardedCall(ServerCall<Q, R> call) {
      super(call);
    }

    void fail(Throwable thrown, BatonException why) {
      StatusRuntimeException status = why.toStatus(requestId());
      synchronized (lock) {
        if (failed) {
          return;
        }
        failed = true;
        try {
          delegate().close(status.getStatus(), trailers(status));
        } catch (IllegalStateException closedBefore) {
          LOG.debug("a handler threw after it had ended its call", thrown);
        }
      }
    }

    /** A request arrives whole and is parsed in the same event: that may be the caller's fault. */
    BatonException whileReading(Throwable thrown) {
      boolean garbage =
          thrown instanceof StatusRuntimeException status
              && status.getCause() instanceof InvalidProtocolBufferException;
      return garbage
          ? BatonException.invalid(
              "request", "bytes", "a message for " + getMethodDescriptor().getFullMethodName())
          : BatonException.from(thrown);
    }

    boolean hasFailed() {
      synchronized (lock) {
        return failed;
      }
    }

    @Override
    public void sendHeaders(Metadata headers) {
      synchronized (lock) {
        if (!failed) {
          super.sendHeaders(headers);
        }
      }
    }

    @Override
    public void sendMessage(R message) {
      synchronized (lock) {
        if (!failed) {
          super.sendMessage(message);
        }
      }
    }

    @Override
    public void close(Status status, Metadata trailers) {
      boolean untyped =
          !status.isOk()
              && !trailers.containsKey(DETAILS)
              && (status.getCause() != null || status.getCode() == Status.Code.UNKNOWN);
      StatusRuntimeException typed =
          untyped
              ? BatonException.from(status.asRuntimeException(trailers)).toStatus(requestId())
              : status.asRuntimeException(trailers);
      synchronized (lock) {
        if (!failed) {
          super.close(typed.getStatus(), trailers(typed));
        }
      }
    }
  }

  private static String requestId() {
    return Optional.ofNullable(MDC.get(RequestScope.FIELD)).orElse("");
  }

  private static Metadata trailers(StatusRuntimeException status) {
    return Optional.ofNullable(status.getTrailers()).orElseGet(Metadata::new);
  }

  /** A listener whose exceptions end the call. */
  private static final class GuardedListener<Q> extends SimpleForwardingServerCallListener<Q> {
    private final GuardedCall<Q, ?> call;

    GuardedListener(ServerCall.Listener<Q> listener, GuardedCall<Q, ?> call) {
      super(listener);
      this.call = call;
    }

    private void guarded(Runnable event, Function<Throwable, BatonException> meaning) {
      if (call.hasFailed()) {
        return;
      }
      try {
        event.run();
      } catch (Throwable thrown) {
        call.fail(thrown, meaning.apply(thrown));
      }
    }

    @Override
    public void onMessage(Q message) {
      guarded(() -> super.onMessage(message), call::whileReading);
    }

    @Override
    public void onHalfClose() {
      guarded(super::onHalfClose, BatonException::from);
    }

    @Override
    public void onReady() {
      guarded(super::onReady, BatonException::from);
    }

    @Override
    public void onComplete() {
      last(call.hasFailed() ? super::onCancel : super::onComplete);
    }

    @Override
    public void onCancel() {
      last(super::onCancel);
    }

    private static void last(Runnable event) {
      try {
        event.run();
      } catch (RuntimeException thrown) {
        LOG.error("a handler threw at the end of its call", thrown);
      }
    }
  }
}
