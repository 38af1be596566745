package dev.baton.cluster.drain;

import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.kv.BlockPool;
import dev.baton.kv.Lineage;
import dev.baton.proto.internal.v1.WorkerRegistration;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * What a worker drains with: its pool, and who its peers may be.
 *
 * @param registration what the worker says of itself
 * @param epoch of the worker, when it is asked for
 */
public record WorkerDrain(
    ClusterConnection connection,
    WorkerRegistration registration,
    LongSupplier epoch,
    BlockPool pool,
    Lineage lineage,
    DrainLimits limits,
    EvacuationMetrics metrics) {

  /** Drains the worker, which stays a member; {@code orders} hears how far it is. Blocking. */
  public void run(Draining work, DrainOrders orders) {
    new Drain(new Counted(work, metrics), limits.time(), this::peers, orders::tell).run();
  }

  /** Counts what is given back. */
  private record Counted(Draining work, EvacuationMetrics metrics) implements Draining {
    @Override
    public void refuseNew() {
      work.refuseNew();
    }

    @Override
    public boolean isDraining() {
      return work.isDraining();
    }

    @Override
    public int requests() {
      return work.requests();
    }

    @Override
    public boolean awaitNone(Duration limit) {
      return work.awaitNone(limit);
    }

    @Override
    public int handBack(Duration left) {
      int count = work.handBack(left);
      metrics.handedBack(count);
      return count;
    }
  }

  private Evacuation peers(Duration limit) {
    List<Peer> peers = Peers.find(connection, registration, limit);
    return new MoveToPeers(
        new MoveToPeers.Source(pool, lineage, registration.getKvEndpoint(), epoch.getAsLong()),
        peers,
        limits.moveBytes(),
        metrics::sent);
  }
}
