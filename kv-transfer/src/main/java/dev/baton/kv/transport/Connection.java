package dev.baton.kv.transport;

import io.grpc.ManagedChannel;
import java.util.concurrent.Executor;

/**
 * A connection that KV leaves by.
 *
 * @param channel the caller's to close; its callbacks run on {@code loop}
 * @param socket what carries it
 * @param sharesMemory whether the receiver is on this host and may be offered shared memory
 * @param loop the event loop that moves its bytes. What runs there must not block; refuses work
 *     once it has ended
 */
public record Connection(
    ManagedChannel channel, Executor loop, KvWire socket, boolean sharesMemory) {}
