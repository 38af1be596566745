package dev.baton.cluster.worker;

import dev.baton.cluster.drain.Draining;
import dev.baton.cluster.process.StatusService;
import dev.baton.kv.handoff.KvPuller;
import io.grpc.BindableService;

/**
 * What a worker does for others. All of it stays its maker's to close, but for {@code status}.
 *
 * @param role the service of its role, which routers call
 * @param kv where KV goes in and out; its handlers must not block
 * @param status tells what it does and has
 * @param puller fetches the blocks of peers that drain
 * @param requests all that it has, which a drain ends
 */
public record WorkerServices(
    BindableService role,
    BindableService kv,
    StatusService status,
    KvPuller puller,
    Draining requests) {}
