package dev.baton.client;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import org.jspecify.annotations.Nullable;

/**
 * A router that answers can be asked of.
 *
 * @param connection to it
 * @param calls over that connection, with what every call carries
 */
record RouterConnection(ManagedChannel connection, Channel calls) {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  /** Over this connection; with a key, if there is one. */
  static RouterConnection of(ManagedChannel connection, @Nullable String apiKey) {
    if (apiKey == null) {
      return new RouterConnection(connection, connection);
    }
    Metadata headers = new Metadata();
    headers.put(AUTHORIZATION, "Bearer " + apiKey);
    return new RouterConnection(
        connection,
        ClientInterceptors.intercept(
            connection, MetadataUtils.newAttachHeadersInterceptor(headers)));
  }

  /**
   * Tries to connect now, if it is not connected. A connection that failed waits longer from try to
   * try, and calls fail from memory meanwhile, also when the router is back.
   */
  void reconnect() {
    connection.resetConnectBackoff();
  }
}
