package dev.baton.router.grpc;

import dev.baton.cluster.error.BatonException;
import dev.baton.router.tenant.Tenant;
import dev.baton.router.tenant.Tenants;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import java.util.Optional;

/** Reads whose call it is from the metadata {@code authorization: Bearer KEY}. */
final class TenantInterceptor implements ServerInterceptor {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final Context.Key<Tenant> TENANT =
      Context.keyWithDefault("tenant", Tenant.ANONYMOUS);

  /** The tenant of the call that this thread serves. */
  static Tenant current() {
    return TENANT.get();
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    Optional<Tenant> tenant = Tenants.ofAuthorization(headers.get(AUTHORIZATION));
    if (tenant.isEmpty()) {
      // The value stays unsaid: it may be a key with a slip in it.
      StatusRuntimeException refusal =
          BatonException.invalid("authorization", "(hidden)", "\"Bearer \" and a key").toStatus("");
      Metadata trailers = refusal.getTrailers();
      call.close(refusal.getStatus(), trailers == null ? new Metadata() : trailers);
      return new ServerCall.Listener<>() {};
    }
    return Contexts.interceptCall(
        Context.current().withValue(TENANT, tenant.get()), call, headers, next);
  }
}
