package dev.baton.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import java.util.concurrent.TimeUnit;

/** A connection that tells when it shall not wait with its next try. */
final class ForwardingConnection extends ManagedChannel {
  private final ManagedChannel connection;
  private final Runnable onReset;

  ForwardingConnection(ManagedChannel connection, Runnable onReset) {
    this.connection = connection;
    this.onReset = onReset;
  }

  @Override
  public void resetConnectBackoff() {
    onReset.run();
    connection.resetConnectBackoff();
  }

  @Override
  public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
    return connection.newCall(method, options);
  }

  @Override
  public String authority() {
    return connection.authority();
  }

  @Override
  public ManagedChannel shutdown() {
    connection.shutdown();
    return this;
  }

  @Override
  public ManagedChannel shutdownNow() {
    connection.shutdownNow();
    return this;
  }

  @Override
  public boolean isShutdown() {
    return connection.isShutdown();
  }

  @Override
  public boolean isTerminated() {
    return connection.isTerminated();
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    return connection.awaitTermination(timeout, unit);
  }
}
