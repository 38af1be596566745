package dev.baton.simulation;

import dev.baton.kv.handoff.HandoffParts;
import dev.baton.prefill.PrefillParts;
import dev.baton.proto.internal.v1.PrefillServiceGrpc;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerRole;
import java.util.List;
import java.util.OptionalLong;

/** A prefill worker: its endpoint, loop, jobs and handoff sender are real. */
final class PrefillHost extends WorkerHost {
  private static final int MAX_QUEUE = 3;
  private static final int CHUNK_TOKENS = 8;

  private final PrefillParts parts;

  PrefillHost(String id, long epoch, int blocks, Network network) {
    super(
        id,
        WorkerRole.WORKER_ROLE_PREFILL,
        PrefillServiceGrpc.getPrefillMethod().getFullMethodName(),
        epoch,
        blocks,
        network);
    this.parts =
        new PrefillParts(
            engine(),
            pool(),
            blocks,
            MAX_QUEUE,
            CHUNK_TOKENS,
            HandoffParts.sender(
                SimulatedModel.layout(),
                SimulatedModel.lineage(),
                this::epoch,
                STALL_LIMIT,
                target -> new SimulatedChannel(network, process(), target, OptionalLong.empty()),
                process()::run,
                meters(),
                this),
            STALL_LIMIT,
            process()::run,
            process().timer(),
            this::nanoTime,
            status()::changed,
            meters());
    network.listen(
        address(), process(), List.of(parts.service().bindService(), status().bindService()));
  }

  @Override
  WorkerLoad load() {
    return parts.load();
  }

  @Override
  int running() {
    return parts.running();
  }
}
