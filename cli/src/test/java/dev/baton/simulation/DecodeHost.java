package dev.baton.simulation;

import dev.baton.decode.DecodeParts;
import dev.baton.kv.handoff.HandoffParts;
import dev.baton.kv.handoff.HandoffReceiver;
import dev.baton.proto.internal.v1.DecodeServiceGrpc;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerRole;
import java.util.List;

/** A decode worker: its endpoint, calls, queue for blocks, loop and handoff receiver are real. */
final class DecodeHost extends WorkerHost {
  private static final int MAX_QUEUE = 2;
  private static final int MAX_BATCH = 3;
  private static final int CHUNK_TOKENS = 5;

  private final DecodeParts parts;

  DecodeHost(String id, long epoch, int blocks, Network network) {
    super(
        id,
        WorkerRole.WORKER_ROLE_DECODE,
        DecodeServiceGrpc.getDecodeMethod().getFullMethodName(),
        epoch,
        blocks,
        network);
    HandoffReceiver receiver =
        HandoffParts.receiver(
            SimulatedModel.layout(),
            SimulatedModel.lineage(),
            this::isMyEpoch,
            STALL_LIMIT,
            meters(),
            this);
    this.parts =
        new DecodeParts(
            engine(),
            pool(),
            blocks,
            MAX_QUEUE,
            MAX_BATCH,
            CHUNK_TOKENS,
            receiver,
            this::isMyEpoch,
            STALL_LIMIT,
            process()::run,
            process().timer(),
            this::nanoTime,
            status()::changed,
            meters());
    network.fence().guard(this);
    network.listen(
        address(),
        process(),
        List.of(parts.service().bindService(), receiver.bindService(), status().bindService()));
  }

  @Override
  WorkerLoad load() {
    return parts.load();
  }

  @Override
  int running() {
    return parts.running();
  }

  @Override
  List<String> leftovers() {
    List<String> left = super.leftovers();
    double handoffs = meters().get("baton.handoffs.active").gauge().value();
    if (handoffs > 0) {
      left.add(this + " expects " + handoffs + " handoffs");
    }
    return left;
  }
}
