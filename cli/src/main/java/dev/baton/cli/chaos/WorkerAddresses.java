package dev.baton.cli.chaos;

import dev.baton.cli.local.LocalPorts;
import dev.baton.harness.chaos.ClusterShape;
import dev.baton.harness.chaos.FaultProxy;
import dev.baton.harness.chaos.Member;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Under which name and where a worker is reached: through proxies, which know its own ports. All of
 * it is another's when the worker moves.
 *
 * @param id its name in the cluster
 * @param controlPort its own
 * @param kvPort its own
 * @param control between routers and it
 * @param kv between workers and it; empty where they come to it directly
 * @param session between it and ZooKeeper
 */
record WorkerAddresses(
    String id,
    int controlPort,
    int kvPort,
    FaultProxy control,
    Optional<FaultProxy> kv,
    FaultProxy session)
    implements AutoCloseable {
  /**
   * New ones.
   *
   * @param move how often it has moved
   */
  static WorkerAddresses of(Member member, int move, int zooKeeperPort) {
    int controlPort = LocalPorts.free();
    int kvPort = LocalPorts.free();
    return new WorkerAddresses(
        move == 0 ? member.toString() : member + "." + move,
        controlPort,
        kvPort,
        FaultProxy.to(controlPort),
        ClusterShape.hasKvProxy(member) ? Optional.of(FaultProxy.to(kvPort)) : Optional.empty(),
        FaultProxy.to(zooKeeperPort));
  }

  /** What the worker is told of it. */
  List<String> arguments() {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--control-port",
                Integer.toString(controlPort),
                "--kv-port",
                Integer.toString(kvPort),
                "--advertised-control-endpoint",
                control.endpoint()));
    kv.ifPresent(proxy -> arguments.addAll(List.of("--advertised-kv-endpoint", proxy.endpoint())));
    return arguments;
  }

  @Override
  public void close() {
    control.close();
    kv.ifPresent(FaultProxy::close);
    session.close();
  }
}
